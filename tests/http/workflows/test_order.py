"""The workflows' jobs: which run, in which order, and what stops them. `make` only records its targets here."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.workflow_runner import events
from tests.support.workflow_runner.pipeline import PIPELINE, Pipeline, environments, pipeline
from tests.support.workflow_runner.repository import Environment, commit, git

STACKS = ("prod", "staging")
HOSTS = {"prod": "https://prod.cloud.databricks.example", "staging": "https://staging.cloud.databricks.example"}
FAKE_MAKE = """#!/bin/bash
# Records its targets and answers as the files beside it say.
here=$(dirname "$0")
set -- "${@#-s}"
printf '%s\\n' "$*" | sed 's/^ *//' >> "$here/targets"
target=$(printf '%s' "$*" | awk '{print $1}')
if [ -n "$MODEL_SERVING_REVIEW_KEY" ]; then echo "$target" >> "$here/with-key"; fi
while read -r pattern; do
  case "$*" in *$pattern*) echo "make: $target failed" >&2; exit 2;; esac
done < "$here/fails"
case "$target" in
  changed-stacks) case "$*" in *WAVES*) cat "$here/waves";; *) cat "$here/stacks";; esac;;
  take) cat "$here/files";;
  merged-pull-request) echo 7;;
  approved) echo 0123456789abcdef;;
  review) echo report > "review-$STACK.md"; echo '{}' > "review-$STACK.sarif";;
  drift) echo report > "drift-$STACK.md";;
  deploy-or-ask)
    if grep -qx "$STACK" "$here/asks"; then
      echo fedcba > "deploy-$STACK.ask"
      echo plan > "deploy-$STACK.md"
    fi;;
esac
"""


@dataclass
class Flow:
    """A pipeline whose `make` does nothing."""

    pipeline: Pipeline
    folder: Path

    def answers(self, **texts: str) -> "Flow":
        for name, text in texts.items():
            (self.folder / name).write_text(f"{text}\n" if text else "")
        return self

    @property
    def targets(self) -> list[str]:
        """The first words of what the jobs made, with the stack."""
        lines = (self.folder / "targets").read_text().splitlines()
        return [
            " ".join(word for word in line.split() if word.islower() or word.startswith("STACK=")) for line in lines
        ]


@pytest.fixture
def flow(tmp_path: Path) -> Iterator[Flow]:
    folder = tmp_path / "bin"
    folder.mkdir()
    make = folder / "make"
    make.write_text(FAKE_MAKE)
    make.chmod(0o755)
    with pipeline(tmp_path / "github", PIPELINE, {"PATH": f"{folder}:{os.environ['PATH']}"}) as made:
        made.repository.environments = environments(STACKS, HOSTS, {})
        flow = Flow(made, folder)
        both = json.dumps(["staging", "prod"])
        waves = json.dumps([["staging"], ["prod"], []])
        yield flow.answers(targets="", fails="", asks="", stacks=both, waves=waves, files="stacks/base.yaml")


def test_each_changed_stack_is_reviewed(flow: Flow) -> None:
    run = flow.pipeline.open().review()
    assert run.results == {
        "check": "success",
        "review (prod)": "success",
        "review (staging)": "success",
        "gate": "success",
    }, run.log
    for stack in STACKS:
        made = [each.split()[0] for each in flow.targets if each.endswith(f"STACK={stack}")]
        assert made == ["ready", "review", "review-comment"]
    assert set((flow.folder / "with-key").read_text().splitlines()) == {"review-comment"}
    assert set(run.artifacts) == set(run.findings) == {"review-prod", "review-staging"}


def test_the_host_is_checked_before_any_sign_in(flow: Flow) -> None:
    flow.answers(fails="ready STACK=prod")
    run = flow.pipeline.open().review()
    assert (run.results["review (prod)"], run.results["review (staging)"]) == ("failure", "success")
    assert "review STACK=prod" not in flow.targets


@pytest.mark.parametrize(("author", "fork"), [("visitor", "visitor/models"), (events.DEPENDABOT, "")])
def test_an_outsider_s_change_is_checked_only(flow: Flow, author: str, fork: str) -> None:
    run = flow.pipeline.open(author, fork).review()
    assert run.results == {"check": "success", "review": "skipped", "gate": "success"}, run.log
    gate = next(each for each in (flow.folder / "targets").read_text().splitlines() if each.startswith("gate"))
    assert gate.startswith("gate HEAD=")


def test_the_gate_runs_where_no_stack_changes(flow: Flow) -> None:
    run = flow.answers(stacks="[]", files="").pipeline.open().review()
    assert run.results == {"check": "success", "review": "skipped", "gate": "success"}


def test_the_gate_runs_after_a_failed_check(flow: Flow) -> None:
    run = flow.answers(fails="take").pipeline.open().review()
    assert run.results == {"check": "failure", "review": "skipped", "gate": "success"}


def test_a_merge_deploys_staging_before_prod(flow: Flow) -> None:
    run = flow.pipeline.open().merge()
    assert set((flow.folder / "with-key").read_text().splitlines()) == {"approved"}
    assert [name for name, result in run.results.items() if result == "success"] == [
        "changed",
        "first (staging) / deploy",
        "second (prod) / deploy",
    ], run.log
    assert [each for each in flow.targets if each.startswith(("deploy", "smoke"))] == [
        "deploy-or-ask STACK=staging",
        "smoke STACK=staging",
        "deploy-or-ask STACK=prod",
        "smoke STACK=prod",
    ]


def test_an_outdated_run_deploys_nothing(flow: Flow) -> None:
    run = flow.answers(fails="newest").pipeline.open().merge()
    assert run.results["first (staging) / deploy"] == "failure"
    assert not any(each.startswith(("sign-in", "deploy")) for each in flow.targets)


@pytest.mark.parametrize("step", ["ready", "deploy-or-ask", "smoke"])
def test_prod_waits_for_a_successful_staging(flow: Flow, step: str) -> None:
    run = flow.answers(fails=f"{step} STACK=staging").pipeline.open().merge()
    assert run.results["first (staging) / deploy"] == "failure"
    assert run.results["second"] == "skipped"
    assert "deploy-or-ask STACK=prod" not in flow.targets


@pytest.mark.parametrize(("fails", "last"), [("", "success"), ("smoke STACK=staging", "skipped")])
def test_a_third_wave_waits_for_the_second(flow: Flow, fails: str, last: str) -> None:
    flow.answers(waves='[["dev"], ["staging"], ["prod"]]', fails=fails)
    run = flow.pipeline.open().merge()
    assert run.results["first (dev) / deploy"] == "success", run.log
    assert run.results["third (prod) / deploy" if last == "success" else "third"] == last
    assert ("deploy-or-ask STACK=prod" in flow.targets) is (last == "success")


def test_another_plan_waits_for_an_approval(flow: Flow) -> None:
    run = flow.answers(asks="staging").pipeline.open().merge()
    assert {name: result for name, result in run.results.items() if result != "skipped"} == {
        "changed": "success",
        "first (staging) / deploy": "success",
        "first (staging) / approval": "waiting",
        "first (staging) / deploy-approved": "waiting",
        "second": "waiting",
        "third": "waiting",
    }, run.log
    assert "plan" in run.summary
    assert "reviewer of the environment\n`staging-approval` approves it" in run.summary
    assert "smoke STACK=staging" not in flow.targets


def test_the_approved_plan_is_deployed_then_prod(flow: Flow) -> None:
    flow.answers(asks="staging").pipeline.runner.approve = {"staging-approval": "reviewer"}
    run = flow.pipeline.open().merge()
    assert run.results["second (prod) / deploy"] == "success", run.log
    lines = (flow.folder / "targets").read_text().splitlines()
    assert "deploy STACK=staging REVIEWED=fedcba" in lines
    assert flow.targets.index("deploy STACK=staging") < flow.targets.index("deploy-or-ask STACK=prod")


def test_nobody_approves_their_own_run(flow: Flow) -> None:
    flow.answers(asks="staging").pipeline.repository.environments["staging-approval"] = Environment(
        reviewers=["author", "reviewer"]
    )
    flow.pipeline.runner.approve = {"staging-approval": "author"}
    assert flow.pipeline.open().merge().results["first (staging) / approval"] == "waiting"


def test_an_unprotected_approval_stops_the_deployment(flow: Flow) -> None:
    run = flow.answers(asks="staging", fails="protected STACK=staging").pipeline.open().merge()
    assert run.results["first (staging) / deploy"] == "failure"
    assert run.results["first (staging) / approval"] == "skipped"


def test_without_approved_digest_the_plan_needs_an_approval(flow: Flow) -> None:
    run = flow.answers(fails="approved STACK", asks="staging").pipeline.open().merge()
    assert run.results["first (staging) / approval"] == "waiting", run.log
    assert "make: approved failed" in run.summary
    assert "deploy-or-ask STACK=staging REVIEWED=" in (flow.folder / "targets").read_text()


def test_a_hotfix_is_deployed_after_an_approval(flow: Flow) -> None:
    flow.answers(asks="prod").pipeline.runner.approve = {"prod-approval": "reviewer"}
    run = flow.pipeline.run("deploy.yml", events.dispatch(flow.pipeline.repository, stack="prod"))
    assert run.results["first (prod) / deploy-approved"] == "success", run.log
    assert not any(each.endswith("staging") or each.startswith("merged") for each in flow.targets)


@pytest.mark.parametrize("stack", ["prd", 'prod"],["x', "../prod"])
def test_a_hotfix_of_an_unknown_stack_fails(flow: Flow, stack: str) -> None:
    run = flow.pipeline.run("deploy.yml", events.dispatch(flow.pipeline.repository, stack=stack))
    assert run.results["changed"] == "failure"
    assert run.results["first"] == "skipped"


def test_another_branch_may_not_deploy(flow: Flow) -> None:
    clone = flow.pipeline.clone
    git(clone, "switch", "--quiet", "--create", "mine")
    commit(clone)
    git(clone, "push", "--quiet", "origin", "mine")
    event = events.dispatch(flow.pipeline.repository, branch="mine", stack="prod")
    job = flow.pipeline.run("deploy.yml", event).jobs["first (prod) / deploy"]
    assert (job.result, job.message) == (
        "failure",
        'Branch "mine" is not allowed to deploy to prod due to environment protection rules',
    )
    assert flow.targets == ["venv"]


def test_every_stack_is_compared_each_night(flow: Flow) -> None:
    run = flow.answers(fails="drift STACK=prod").pipeline.run("drift.yml", events.schedule(flow.pipeline.repository))
    assert run.results == {"stacks": "success", "drift (prod)": "failure", "drift (staging)": "success"}, run.log
    assert "drift-issue STACK=staging" in flow.targets


def test_the_project_s_own_tests_get_no_secret(flow: Flow) -> None:
    opened = flow.pipeline.open("visitor", "visitor/models")
    event = events.pull_request(flow.pipeline.repository, opened.pull.number, opened.pull.head, "visitor", opened.fork)
    run = flow.pipeline.run("ci.yml", event)
    assert set(run.results.values()) == {"success"}, run.log
    assert {each.partition(" ")[0] for each in run.results} == {"checks", "unit", "http", "engine"}
    levels = {level for granted in flow.pipeline.forge.granted.values() for level in granted.values()}
    assert levels == {"none", "read"}
    assert {"check", "review-check", "lint-workflows", "test-unit", "test-http", "test-engine"} <= set(flow.targets)


OTHER = """\
name: other
on:
  pull_request_target:
    branches: [main]
jobs:
  review:
    runs-on: ubuntu-24.04
    environment: prod-review
    permissions: {contents: read, id-token: write, pull-requests: write}
    env:
      MODEL_SERVING_REVIEW_KEY: ${{ secrets.MODEL_SERVING_REVIEW_KEY }}
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with: {fetch-depth: 0, persist-credentials: false}
      - uses: ./.github/actions/review
        with: {stack: prod}
"""


@pytest.mark.parametrize(("fork", "result"), [("", "success"), ("visitor/models", "failure")])
def test_the_action_refuses_forks_itself(fork: str, result: str, flow: Flow) -> None:
    (flow.pipeline.clone / ".github" / "workflows" / "other.yml").write_text(OTHER)
    commit(flow.pipeline.clone)
    git(flow.pipeline.clone, "push", "--quiet", "origin", "main")
    opened = flow.pipeline.open("visitor", fork)
    pull, repository = opened.pull, flow.pipeline.repository
    event = events.pull_request_target(repository, pull.number, pull.head, "visitor", fork)
    run = flow.pipeline.run("other.yml", event)
    assert run.results == {"review": result}, run.log
    assert bool(flow.targets) is (not fork)
    assert ("A maintainer pushes the commits of a fork" in run.log) is bool(fork)


def test_a_pull_request_can_t_change_the_workflow(flow: Flow) -> None:
    file = flow.pipeline.clone / ".github" / "workflows" / "review.yml"
    file.write_text(file.read_text().replace("run: make venv", "run: echo injected"))
    run = flow.pipeline.open().review()
    assert "injected" not in run.log
    assert run.results["gate"] == "success"
