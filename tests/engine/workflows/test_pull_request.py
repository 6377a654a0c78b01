"""The workflows on the real engine: a pull request from its review to production, with three identities."""

import re
import shutil
import time
from pathlib import Path

from model_serving.review.render.markers import marker
from tests.engine.workflows.conftest import Deployed
from tests.support.running_workspace import PROJECT
from tests.support.workflow_runner import events
from tests.support.workflow_runner.pipeline import OpenPullRequest, pipeline
from tests.support.workflow_runner.repository import commit, git
from tests.support.workflow_runner.results import Run

ENDPOINTS = "/api/2.0/serving-endpoints"
PROD = "stacks/Pulumi.prod.yaml"
CHAMPION = "champion: {workload_size: Medium}\n"


def comments(opened: OpenPullRequest, stack: str) -> list[str]:
    """What the pipeline wrote about a stack."""
    forge = opened.pipeline.forge
    found = [each for each in opened.pull.comments if each.author == forge.pipeline]
    return [each.text for each in found if each.text.startswith(marker(stack))]


def assert_no_secret_is_logged(deployed: Deployed, run: Run) -> None:
    environments = deployed.pipeline.repository.environments.values()
    secrets = {value for each in environments for value in each.secrets.values() if len(value) > 8}
    assert [secret for secret in secrets if secret in run.log] == []


def test_a_pull_request_reaches_production(deployed: Deployed, tmp_path: Path) -> None:
    judged_by_the_base(deployed)
    approved_and_deployed(deployed)
    refused_and_deployed_after_an_approval(deployed)
    drift_opens_and_closes_an_issue(deployed)
    reviewed_in_another_repository(deployed, tmp_path)


def judged_by_the_base(deployed: Deployed) -> None:
    """A pull request whose policies would pass everything concerns both stacks, and is judged by the base's."""
    rules = deployed.pipeline.clone / "policies" / "__main__.py"
    rules.write_text("raise SystemExit('code of a pull request')\n", encoding="utf-8")
    before = deployed.workspace.writes()
    opened = deployed.pipeline.open()
    run = opened.review()
    assert run.results == {
        "check": "success",
        "review (prod)": "success",
        "review (staging)": "success",
        "gate": "success",
    }, run.log
    for stack in ("prod", "staging"):
        (comment,) = comments(opened, stack)
        visible = [line for line in comment.splitlines() if line and not line.startswith("<!--")]
        assert "alters what judges it, `policies/__main__.py`" in "\n".join(visible[:4]), comment
        assert "policies model-serving" in comment
    assert "code of a pull request" not in run.log
    assert deployed.workspace.writes() == before


def approved_and_deployed(deployed: Deployed) -> None:
    deployed.edit(PROD, CHAMPION, f"{CHAMPION}      traffic: {{champion: 80, challenger: 20}}\n")
    opened = deployed.pipeline.open()
    forged = deployed.pipeline.forge.comment(opened.pull.number, "visitor", f"{marker('prod')}\n<!-- reviewed:0 -->")
    run = opened.review()
    assert run.results == {"check": "success", "review (prod)": "success", "gate": "success"}, run.log
    assert opened.status == ("success", "Reviewed: prod")
    (comment,) = comments(opened, "prod")
    assert forged.text != comment
    assert_no_secret_is_logged(deployed, run)
    time.sleep(1.1)  # the forge's clock has seconds
    deployed.pipeline.forge.review(opened.pull.number)
    run = opened.merge()
    assert run.results["first (prod) / deploy"] == "success", run.log
    assert run.results["first (prod) / approval"] == "skipped", run.log
    assert deployed.traffic("prod-fraud-scorer") == {"champion": 80, "challenger": 20}
    assert "1 passed, 0 failed" in run.log
    assert_no_secret_is_logged(deployed, run)


def refused_and_deployed_after_an_approval(deployed: Deployed) -> None:
    """A pull request that nobody reviewed: its plan waits for the environment's approval, which is given."""
    deployed.edit(PROD, "{champion: 80, challenger: 20}", "{champion: 60, challenger: 40}")
    deployed.pipeline.runner.approve = {"prod-approval": "reviewer"}
    before = len(deployed.workspace.writes())
    run = deployed.pipeline.open().merge()
    assert run.results["first (prod) / deploy-approved"] == "success", run.log
    assert "This plan for `prod` was not approved" in run.summary
    assert "it was never reviewed" in run.summary
    assert deployed.workspace.writes()[before:] == [f"PUT {ENDPOINTS}/prod-fraud-scorer/config"]
    assert deployed.traffic("prod-fraud-scorer") == {"champion": 60, "challenger": 40}


def drift_opens_and_closes_an_issue(deployed: Deployed) -> None:
    """One night: a tag of staging was changed, and what an earlier night reported of prod is gone."""
    forge = deployed.pipeline.forge
    earlier = forge.new_issue(forge.pipeline, "Drift: prod", f"{marker('prod')}\nearlier")
    tag = {"add_tags": [{"key": "team", "value": "growth"}]}
    deployed.workspace.patch(f"{ENDPOINTS}/staging-fraud-scorer/tags", tag)
    run = deployed.pipeline.run("drift.yml", events.schedule(deployed.pipeline.repository))
    assert run.results == {"stacks": "success", "drift (prod)": "success", "drift (staging)": "failure"}, run.log
    assert not earlier.open
    (issue,) = (each for each in forge.issues if each.open)
    assert issue.title == "Drift: staging"
    assert "growth" in issue.text


OTHER_WORKFLOW = """\
name: review
on:
  pull_request_target:
    branches: [main]
permissions:
  contents: read
jobs:
  review:
    runs-on: ubuntu-24.04
    environment: prod-review
    permissions:
      contents: read
      id-token: write
      pull-requests: write
    env:
      DATABRICKS_AUTH_TYPE: github-oidc
      DATABRICKS_HOST: ${{ vars.DATABRICKS_HOST }}
      DATABRICKS_CLIENT_ID: ${{ vars.DATABRICKS_CLIENT_ID }}
      DATABRICKS_TOKEN_AUDIENCE: ${{ vars.DATABRICKS_TOKEN_AUDIENCE }}
      MODEL_SERVING_REVIEW_KEY: ${{ secrets.MODEL_SERVING_REVIEW_KEY }}
      PULUMI_BACKEND_URL: ${{ vars.PULUMI_BACKEND_URL }}
    steps:
"""


def reviewed_in_another_repository(deployed: Deployed, folder: Path) -> None:
    """It holds stack files and a workflow with the documented steps; everything else comes with the action."""
    page = (PROJECT / "docs" / "pipelines.md").read_text(encoding="utf-8")
    (steps,) = re.findall(r"```yaml\n(      - uses: actions/checkout.*?)```", page, re.DOTALL)
    assert len(steps.splitlines()) == 5
    shared = deployed.pipeline.repository
    with pipeline(folder / "other", (), deployed.pipeline.runner.machine) as other:
        other.repository.environments = shared.environments
        other.repository.variables = shared.variables
        other.runner.sign_in = deployed.pipeline.runner.sign_in
        other.runner.actions = {"ORGANISATION/model-serving": shared}
        shutil.copytree(deployed.pipeline.clone / "stacks", other.clone / "stacks")
        workflow = other.clone / ".github" / "workflows" / "review.yml"
        workflow.parent.mkdir(parents=True)
        workflow.write_text(OTHER_WORKFLOW + steps.replace("@COMMIT", f"@{shared.head()}"), encoding="utf-8")
        commit(other.clone)
        git(other.clone, "push", "--quiet", "origin", "main")
        file = other.clone / PROD
        text = file.read_text(encoding="utf-8")
        file.write_text(
            text.replace("{champion: 60, challenger: 40}", "{champion: 50, challenger: 50}"), encoding="utf-8"
        )
        opened = other.open()
        run = opened.review()
        assert run.results == {"review": "success"}, run.log
        (comment,) = comments(opened, "prod")
        assert "60 %" in comment
        assert "50 %" in comment
        assert "policies model-serving" in comment
        assert "alters what judges it" not in comment
