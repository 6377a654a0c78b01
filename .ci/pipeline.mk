# The steps of the pipeline, each as it runs on a laptop, too: .github/workflows/ and .gitlab-ci.yml call nothing else.
# Where a step works on a stack, it takes STACK=name and the shell's own credentials.
.PHONY: engine-home venv review-check changed-stacks review review-comment merged-pull-request reviewed deploy smoke outputs drift drift-issue lint-workflows rehearsal

# What a step can't do without is asked for before anything else is done.
STACKS_HERE := $(patsubst stacks/Pulumi.%.yaml,%,$(wildcard stacks/Pulumi.*.yaml))
ON_A_STACK := $(filter review review-comment reviewed deploy smoke outputs drift drift-issue,$(MAKECMDGOALS))
ON_A_PULL_REQUEST := $(filter review-comment reviewed,$(MAKECMDGOALS))
ifneq (,$(and $(ON_A_STACK),$(if $(STACK),,missing)))
  $(error Which stack? make $(firstword $(ON_A_STACK)) STACK=prod. Stacks here: $(STACKS_HERE))
endif
ifneq (,$(and $(ON_A_PULL_REQUEST),$(if $(NUMBER),,missing)))
  $(error Which pull request? make $(firstword $(ON_A_PULL_REQUEST)) STACK=$(STACK) NUMBER=7)
endif
ifneq (,$(and $(filter merged-pull-request,$(MAKECMDGOALS)),$(if $(COMMIT),,missing)))
  $(error Which commit? make merged-pull-request COMMIT=0123abc)
endif

# The engine that `make setup` found or built. One that was built finds its plugins in a home of its own; the state's
# address and the credentials are the shell's.
BUILT := $(wildcard .local/toolchain/bin/pulumi)
WITH_ENGINE := PATH="$(CURDIR)/$(VENV)/bin:$(CURDIR)/.local/toolchain/bin:$$PATH" \
  $(if $(BUILT),PULUMI_HOME="$(CURDIR)/.local/pulumi" PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true)

engine-home: $(READY)
	@$(if $(BUILT),$(PY) -m toolchain env >/dev/null)

venv: $(READY)

review-check: $(READY) ## every mistake in the stack files, in an instant
	@$(PY) -m model_serving check

# as a JSON list; without SINCE=commit, every stack whose workspace a pipeline can reach. A stack whose file is deleted is
# there with DELETED=yes, for a review: there is nothing to deploy for it.
changed-stacks: $(READY)
	@$(PY) -m model_serving stacks --deployed --format json $(if $(SINCE),--changed-since $(SINCE)) $(if $(DELETED),--with-deleted)

# Status 2 says that a person must approve it, which is not this step's failure.
review: engine-home ## what a change does to a stack: make review STACK=prod; fails where it can't be deployed
	@rm -f review-$(STACK).*
	@$(WITH_ENGINE) $(PY) -m model_serving report --stack $(STACK) --refresh --base "$(SINCE)" --output review-$(STACK).md --output review-$(STACK).json \
	  --output review-$(STACK).sarif --output review-$(STACK).txt; status=$$?; [ ! -e review-$(STACK).txt ] || cat review-$(STACK).txt; \
	  if [ $$status -eq 2 ]; then exit 0; fi; exit $$status

review-comment: $(READY)
	@$(PY) -m model_serving comment --pull-request $(NUMBER) --stack $(STACK) --file review-$(STACK).md

merged-pull-request: $(READY)
	@$(PY) -m model_serving merged --commit $(COMMIT)

# the digest of what the readers of a pull request's comment approved
reviewed: $(READY)
	@$(PY) -m model_serving comment --pull-request $(NUMBER) --stack $(STACK) --digest

deploy: engine-home ## `pulumi up` of exactly what was reviewed: make deploy STACK=prod REVIEWED=digest
	@$(WITH_ENGINE) $(PY) -m model_serving deploy --stack $(STACK) --reviewed "$(REVIEWED)"

smoke: engine-home ## call every endpoint of a stack: make smoke STACK=prod
	@$(WITH_ENGINE) $(PY) -m model_serving smoke --stack $(STACK)

outputs: engine-home
	@$(WITH_ENGINE) pulumi stack output --stack $(STACK) --json

drift: engine-home ## is the workspace still what the stack files say: make drift STACK=prod; fails where it isn't
	@rm -f drift-$(STACK).*
	@$(WITH_ENGINE) $(PY) -m model_serving report --stack $(STACK) --refresh --output drift-$(STACK).md --output drift-$(STACK).json \
	  --output drift-$(STACK).txt; status=$$?; [ ! -e drift-$(STACK).txt ] || cat drift-$(STACK).txt; exit $$status

drift-issue: $(READY)
	@$(PY) -m model_serving issue --stack $(STACK) --file drift-$(STACK).md \
	  $$(grep -q '"order": \[\]' drift-$(STACK).json && grep -q '"errors": \[\]' drift-$(STACK).json && echo --close)

rehearsal: $(READY) setup-quietly ## a pull request from branch to drift, on the real engine, against the embedded workspace
	@$(PY) -m demo.pull_request

lint-workflows: ## actionlint over .github/workflows, built from its Go module
	@cd .ci/actionlint && GOFLAGS=-mod=readonly go tool actionlint ../../.github/workflows/*.yml
