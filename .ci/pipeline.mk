# The steps of the pipeline: .github/workflows/ and .gitlab-ci.yml call nothing else. Each runs on a laptop, too.
# A step for a stack takes STACK=name and the shell's own credentials.
.PHONY: engine-home venv review-check changed-stacks take ready sign-in review review-comment gate merged-pull-request \
  approved newest protected deploy deploy-or-ask smoke deliver-secrets outputs drift drift-issue lint-workflows demo-pull-request

# Names and ids become part of shell commands, and make itself expands a $ in them: other characters are refused. Who
# opens a pull request names its files, and who starts a pipeline of GitLab its variables.
without = $(if $2,$(call without,$(subst $(firstword $2),,$1),$(wordlist 2,99,$2)),$1)
ALLOWED := a b c d e f g h i j k l m n o p q r s t u v w x y z A B C D E F G H I J K L M N O P Q R S T U V W X Y Z \
  0 1 2 3 4 5 6 7 8 9 _ . -
strange = $(or $(filter-out 1,$(words [$(value $1)])),$(call without,$(value $1),$(ALLOWED) $2),$(filter -%,$(value $1)))
$(foreach name,STACK NUMBER COMMIT REVIEWED WAVES,\
  $(if $(call strange,$(name)),$(error $(name) may have letters, digits, ., _ and - only: $(value $(name)))))
$(foreach name,HEAD SINCE,\
  $(if $(call strange,$(name),/ ~ ^ @ { }),$(error $(name) is no commit or branch: $(value $(name)))))

# Required variables are checked before any step runs.
STACKS_HERE := $(patsubst stacks/Pulumi.%.yaml,%,$(wildcard stacks/Pulumi.*.yaml))
ON_A_STACK := $(filter ready review review-comment approved protected deploy deploy-or-ask smoke deliver-secrets outputs drift drift-issue,$(MAKECMDGOALS))
ON_A_PULL_REQUEST := $(filter review-comment approved,$(MAKECMDGOALS))
ifneq (,$(and $(ON_A_STACK),$(if $(STACK),,missing)))
  $(error Which stack? make $(firstword $(ON_A_STACK)) STACK=prod. Stacks here: $(STACKS_HERE))
endif
ifneq (,$(and $(ON_A_PULL_REQUEST),$(if $(NUMBER),,missing)))
  $(error Which pull request? make $(firstword $(ON_A_PULL_REQUEST)) STACK=$(STACK) NUMBER=7)
endif
ifneq (,$(and $(filter merged-pull-request,$(MAKECMDGOALS)),$(if $(COMMIT),,missing)))
  $(error Which commit? make merged-pull-request COMMIT=0123abc)
endif
ifneq (,$(and $(filter take,$(MAKECMDGOALS)),$(if $(HEAD),,missing)))
  $(error Which commit? make take HEAD=0123abc)
endif

# The engine that `make setup` found or built. A built one has a home of its own for plugins; the address of the state
# and the credentials are the shell's. A secret that a job doesn't have is an empty text there, which Pulumi would take
# for an empty passphrase.
BUILT := $(wildcard .local/toolchain/bin/pulumi)
# A stack of this machine has its state, its passphrase and the credentials of its workspace here.
ON_THIS_MACHINE := $(if $(STACK),$(shell grep -slE 'databricks:host: *"?http://(127\.0\.0\.1|localhost)[:/]' stacks/Pulumi.$(STACK).yaml))
ENTER := $(if $(and $(ON_THIS_MACHINE),$(if $(PULUMI_BACKEND_URL)$(PULUMI_ACCESS_TOKEN),,alone)),eval "$$($(MAKE) -s --no-print-directory env)" &&)
WITH_ENGINE := $(ENTER) PATH="$(CURDIR)/$(VENV)/bin:$(CURDIR)/.local/toolchain/bin:$$PATH" \
  $(if $(BUILT),PULUMI_HOME="$(CURDIR)/.local/pulumi" PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true) \
  $(if $(GITHUB_ACTIONS),$(if $(PULUMI_CONFIG_PASSPHRASE),,env -u PULUMI_CONFIG_PASSPHRASE))

# $(call outputs,NAME,ENDINGS): a file for each ending, and the terminal.
outputs = $(foreach ending,$(2),--output $(1)-$(STACK).$(ending)) --output -

# What a pull request changes besides its stack files: written by `make take`.
JUDGE := .local/judge-changed.txt

engine-home: $(READY)
	@$(if $(BUILT),$(PY) -m toolchain env >/dev/null)

venv: $(READY)

review-check: $(READY) ## report every error in the stack files
	@$(COMMAND) check

# Take the stack files of a pull request's last commit into a checkout of its base, as data: make take HEAD=0123abc
take: $(READY)
	@mkdir -p .local
	@$(COMMAND) ci take --head "$(HEAD)" --judge-changed $(JUDGE)

# As a JSON list, in the order of deployments. Without SINCE=commit: every stack whose workspace a pipeline can reach.
# With DELETED=yes: stacks whose file is deleted, too, for a review; a deployment has nothing to do for them. With
# TAKEN=yes: after `make take`. With WAVES=3: three lists, each deployed after the one before.
changed-stacks: $(READY)
	@$(COMMAND) ci changed --deployed --json $(if $(SINCE),--changed-since "$(SINCE)") $(if $(DELETED),--with-deleted) \
	  $(if $(TAKEN),--also $(JUDGE)) $(if $(WAVES),--waves $(WAVES))

# Before any credential is sent. With SINCE=commit: for stack files that nobody with access has merged yet.
ready: $(READY)
	@$(COMMAND) ci ready --stack $(STACK) $(if $(SINCE),--base "$(SINCE)")

# To the backend of the state, for the later steps of a job on GitHub.
sign-in: $(READY)
	@$(COMMAND) ci sign-in

# Status 2 means that a person must approve the change, so the step itself has succeeded. With HEAD=commit: the pull
# request's last commit, whose stack files `make take` has taken.
review: engine-home ## report what a change does to a stack: make review STACK=prod; fails if it can't be deployed
	@rm -f review-$(STACK).*
	@$(WITH_ENGINE) $(COMMAND) review --stack $(STACK) --refresh --base "$(SINCE)" \
	  $(if $(HEAD),--head "$(HEAD)" --judge-changed $(JUDGE)) $(call outputs,review,md json sarif txt) || [ $$? -eq 2 ]

review-comment: $(READY)
	@$(COMMAND) ci comment --stack $(STACK) --pull-request $(NUMBER) $(if $(HEAD),--head "$(HEAD)") --file review-$(STACK).md

# The status of a pull request's last commit. The results and the lists come by the environment, as GitHub gives them.
gate: $(READY)
	@$(COMMAND) ci gate --head "$(HEAD)" --check "$$CHECK" --review "$$REVIEW" --stacks "$$STACKS" \
	  --stack-files "$$STACK_FILES" $$(test "$$OUTSIDER" != true || echo --outsider)

merged-pull-request: $(READY)
	@$(COMMAND) ci merged --commit "$(COMMIT)"

# The digest that was on show when a pull request was approved, and the record of it in approved-STACK.json.
approved: $(READY)
	@$(COMMAND) ci approved-digest --stack $(STACK) --pull-request $(NUMBER) --output approved-$(STACK).json

# A run that is started again must not deploy what later commits have replaced.
newest: $(READY)
	@$(COMMAND) ci newest

# Another person must approve what the environment STACK-approval lets through.
protected: $(READY)
	@$(COMMAND) ci protected --environment "$(STACK)-approval"

# To name what differs from the approved plan.
COMPARED = $(if $(wildcard approved-$(STACK).json),--compare approved-$(STACK).json)

deploy: engine-home ## deploy exactly what was reviewed: make deploy STACK=prod REVIEWED=digest
	@rm -f deploy-$(STACK).*
	@$(WITH_ENGINE) $(COMMAND) deploy --stack $(STACK) --reviewed "$(REVIEWED)" $(COMPARED) \
	  --output deploy-$(STACK).md --output deploy-$(STACK).json

# The same. Where the plan is not the reviewed one, nothing is deployed and the step succeeds: deploy-STACK.ask then
# holds the digest that somebody has to approve, and deploy-STACK.md its report.
deploy-or-ask: engine-home
	@rm -f deploy-$(STACK).*
	@status=0; $(WITH_ENGINE) $(COMMAND) deploy --stack $(STACK) --reviewed "$(REVIEWED)" $(COMPARED) \
	  --output deploy-$(STACK).md --output deploy-$(STACK).json || status=$$?; \
	  if [ $$status -ne 2 ]; then exit $$status; fi; \
	  sed -n '2s/^<!-- reviewed:\([0-9a-f]*\).*-->$$/\1/p' deploy-$(STACK).md > deploy-$(STACK).ask; \
	  if [ ! -s deploy-$(STACK).ask ]; then echo "deploy-$(STACK).md has no digest to approve" >&2; exit 1; fi

smoke: engine-home ## send the smoke requests of a stack: make smoke STACK=prod
	@$(WITH_ENGINE) $(COMMAND) smoke --stack $(STACK)

# Callers' secrets, to the forges that the stack files name; MODEL_SERVING_DELIVERY_TOKEN may write there.
deliver-secrets: engine-home
	@$(WITH_ENGINE) $(COMMAND) ci deliver-secrets --stack $(STACK)

outputs: engine-home
	@$(WITH_ENGINE) pulumi stack output --stack $(STACK) --json

# The comparison without the engine, and a preview for what only that shows: grants, secrets that expire, policies.
drift: engine-home ## compare the workspace with the stack files: make drift STACK=prod; fails if they differ
	@rm -f drift-$(STACK).*
	@$(WITH_ENGINE) $(COMMAND) drift --stack $(STACK) --preview $(call outputs,drift,md json txt)

drift-issue: $(READY)
	@$(COMMAND) ci issue --stack $(STACK) --report drift-$(STACK).json --file drift-$(STACK).md

demo-pull-request: $(READY) setup-quietly ## run a pull request from branch to drift against the embedded workspace
	@$(PY) -m demo.pull_request

lint-workflows: ## run actionlint on .github/workflows, built from its Go module
	@cd .ci/actionlint && GOFLAGS=-mod=readonly go tool actionlint ../../.github/workflows/*.yml
