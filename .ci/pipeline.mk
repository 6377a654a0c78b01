# The steps of the pipeline: .github/workflows/ and .gitlab-ci.yml call nothing else. Each runs on a laptop, too.
# A step for a stack takes STACK=name and the shell's own credentials.
.PHONY: engine-home venv review-check changed-stacks review review-comment merged-pull-request reviewed deploy smoke outputs drift drift-issue lint-workflows demo-pull-request

# Required variables are checked before any step runs.
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

# The engine that `make setup` found or built. A built one has a home of its own for plugins; the address of the state
# and the credentials are the shell's.
BUILT := $(wildcard .local/toolchain/bin/pulumi)
WITH_ENGINE := PATH="$(CURDIR)/$(VENV)/bin:$(CURDIR)/.local/toolchain/bin:$$PATH" \
  $(if $(BUILT),PULUMI_HOME="$(CURDIR)/.local/pulumi" PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true)

# $(call outputs,NAME,ENDINGS): a file for each ending, and the terminal.
outputs = $(foreach ending,$(2),--output $(1)-$(STACK).$(ending)) --output -

engine-home: $(READY)
	@$(if $(BUILT),$(PY) -m toolchain env >/dev/null)

venv: $(READY)

review-check: $(READY) ## report every error in the stack files
	@$(COMMAND) check

# As a JSON list. Without SINCE=commit: every stack whose workspace a pipeline can reach. With DELETED=yes: stacks whose
# file is deleted, too, for a review; a deployment has nothing to do for them.
changed-stacks: $(READY)
	@$(COMMAND) ci changed --deployed --json $(if $(SINCE),--changed-since $(SINCE)) $(if $(DELETED),--with-deleted)

# Status 2 means that a person must approve the change, so the step itself has succeeded.
review: engine-home ## report what a change does to a stack: make review STACK=prod; fails if it can't be deployed
	@rm -f review-$(STACK).*
	@$(WITH_ENGINE) $(COMMAND) review --stack $(STACK) --refresh --base "$(SINCE)" $(call outputs,review,md json sarif txt) || [ $$? -eq 2 ]

review-comment: $(READY)
	@$(COMMAND) ci comment --stack $(STACK) --pull-request $(NUMBER) --file review-$(STACK).md

merged-pull-request: $(READY)
	@$(COMMAND) ci merged --commit $(COMMIT)

# The digest of what the readers of a pull request's comment approved.
reviewed: $(READY)
	@$(COMMAND) ci reviewed-digest --stack $(STACK) --pull-request $(NUMBER)

deploy: engine-home ## deploy exactly what was reviewed: make deploy STACK=prod REVIEWED=digest
	@$(WITH_ENGINE) $(COMMAND) deploy --stack $(STACK) --reviewed "$(REVIEWED)"

smoke: engine-home ## send the smoke requests of a stack: make smoke STACK=prod
	@$(WITH_ENGINE) $(COMMAND) smoke --stack $(STACK)

outputs: engine-home
	@$(WITH_ENGINE) pulumi stack output --stack $(STACK) --json

drift: engine-home ## compare the workspace with the stack files: make drift STACK=prod; fails if they differ
	@rm -f drift-$(STACK).*
	@$(WITH_ENGINE) $(COMMAND) drift --stack $(STACK) $(call outputs,drift,md json txt)

drift-issue: $(READY)
	@$(COMMAND) ci issue --stack $(STACK) --report drift-$(STACK).json --file drift-$(STACK).md

demo-pull-request: $(READY) setup-quietly ## run a pull request from branch to drift against the embedded workspace
	@$(PY) -m demo.pull_request

lint-workflows: ## run actionlint on .github/workflows, built from its Go module
	@cd .ci/actionlint && GOFLAGS=-mod=readonly go tool actionlint ../../.github/workflows/*.yml
