# The steps of the pipeline, each as it runs on a laptop, too: .github/workflows/ and .gitlab-ci.yml call nothing else.
# Where a step works on a stack, it takes STACK=name and the shell's own credentials.
.PHONY: engine-home venv review-check changed-stacks review review-comment merged-pull-request reviewed deploy smoke outputs drift drift-issue lint-workflows rehearsal

# The engine that `make setup` found or built. One that was built finds its plugins in a home of its own; the state's
# address and the credentials are the shell's.
BUILT := $(wildcard .local/toolchain/bin/pulumi)
WITH_ENGINE := PATH="$(CURDIR)/$(VENV)/bin:$(CURDIR)/.local/toolchain/bin:$$PATH" \
  $(if $(BUILT),PULUMI_HOME="$(CURDIR)/.local/pulumi" PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true)

engine-home: $(READY)
	@$(if $(BUILT),$(PY) -m toolchain env >/dev/null)

venv: $(READY)

review-check: $(READY) ## every mistake in the stack files, in an instant
	@$(PY) -m review check

# as a JSON list; without SINCE=commit, every stack whose workspace a pipeline can reach
changed-stacks: $(READY)
	@$(PY) -m review stacks --deployed --format json $(if $(SINCE),--changed-since $(SINCE))

review: engine-home ## what a change does to a stack: make review STACK=prod; exit status 1 where it can't be deployed
	@$(WITH_ENGINE) $(PY) -m review report --stack $(STACK) --refresh --base "$(SINCE)" --output review-$(STACK).md --output review-$(STACK).json \
	  --output review-$(STACK).sarif --output review-$(STACK).txt; status=$$?; cat review-$(STACK).txt; \
	  if [ $$status -eq 2 ]; then exit 0; fi; exit $$status

review-comment: $(READY)
	@$(PY) -m review comment --pull-request $(NUMBER) --stack $(STACK) --file review-$(STACK).md

merged-pull-request: $(READY)
	@$(PY) -m review merged --commit $(COMMIT)

# the digest of what the readers of a pull request's comment approved
reviewed: $(READY)
	@$(PY) -m review comment --pull-request $(NUMBER) --stack $(STACK) --digest

deploy: engine-home ## `pulumi up` of exactly what was reviewed: make deploy STACK=prod REVIEWED=digest
	@$(WITH_ENGINE) $(PY) -m review deploy --stack $(STACK) --reviewed "$(REVIEWED)"

smoke: engine-home ## call every endpoint of a stack: make smoke STACK=prod
	@$(WITH_ENGINE) $(PY) -m operations smoke --stack $(STACK)

outputs: engine-home
	@$(WITH_ENGINE) pulumi stack output --stack $(STACK) --json

drift: engine-home ## is the workspace still what the stack files say: make drift STACK=prod; exit status 1 where it isn't
	@$(WITH_ENGINE) $(PY) -m review report --stack $(STACK) --refresh --output drift-$(STACK).md --output drift-$(STACK).json \
	  --output drift-$(STACK).txt; status=$$?; cat drift-$(STACK).txt; [ $$status -eq 0 ]

drift-issue: $(READY)
	@$(PY) -m review issue --stack $(STACK) --file drift-$(STACK).md \
	  $$(grep -q '"order": \[\]' drift-$(STACK).json && grep -q '"errors": \[\]' drift-$(STACK).json && echo --close)

rehearsal: $(READY) setup-quietly ## a pull request from branch to drift, on the real engine, against the embedded workspace
	@$(PY) -m rehearsal.pull_request

lint-workflows: ## actionlint over .github/workflows, built from its Go module
	@cd .ci/actionlint && GOFLAGS=-mod=readonly go tool actionlint ../../.github/workflows/*.yml
