"""The workflows on the real engine: a pull request from its review to production, with three identities."""

import time

from model_serving.review.render.markers import marker
from tests.engine.workflows.conftest import Deployed
from tests.support.workflow_runner import events
from tests.support.workflow_runner.pipeline import OpenPullRequest
from tests.support.workflow_runner.results import Run

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


def test_a_pull_request_reaches_production(deployed: Deployed) -> None:
    judged_by_the_base(deployed)
    approved_and_deployed(deployed)
    refused_and_deployed_after_an_approval(deployed)
    drift_opens_and_closes_an_issue(deployed)


def judged_by_the_base(deployed: Deployed) -> None:
    """The policy that the pull request switches off still refuses its change of both stacks."""
    deployed.edit(
        "stacks/base.yaml",
        "workload_size: Small}\n      traffic",
        "workload_size: Small, workload_type: GPU_SMALL}\n      traffic",
    )
    rule = deployed.pipeline.clone / "policies" / "rules" / "compute.py"
    rule.write_text("raise SystemExit('the code of a pull request was run')\n")
    before = deployed.workspace.writes()
    opened = deployed.pipeline.open()
    run = opened.review()
    assert run.results["check"] == "failure" or run.results["review (prod)"] == "failure", run.log
    assert "was run" not in run.log
    assert opened.status[0] == "failure"
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
    deployed.edit(PROD, "{champion: 80, challenger: 20}", "{champion: 60, challenger: 40}")
    opened = deployed.pipeline.open()
    assert opened.review().results["gate"] == "success"
    before = deployed.workspace.writes()
    waiting = opened.merge()  # nobody has approved it
    assert waiting.results["first (prod) / approval"] == "waiting", waiting.log
    assert deployed.workspace.writes() == before
    assert "was not approved" in waiting.summary
    deployed.pipeline.runner.approve = {"prod-approval": "reviewer"}
    run = deployed.pipeline.run("deploy.yml", events.dispatch(deployed.pipeline.repository, stack="prod"))
    assert run.results["first (prod) / deploy-approved"] == "success", run.log
    assert deployed.traffic("prod-fraud-scorer") == {"champion": 60, "challenger": 40}


def drift_opens_and_closes_an_issue(deployed: Deployed) -> None:
    tags = "/api/2.0/serving-endpoints/staging-fraud-scorer/tags"
    deployed.workspace.patch(tags, {"add_tags": [{"key": "team", "value": "growth"}]})
    run = deployed.pipeline.run("drift.yml", events.schedule(deployed.pipeline.repository))
    assert run.results == {"stacks": "success", "drift (prod)": "success", "drift (staging)": "failure"}, run.log
    (issue,) = deployed.pipeline.forge.issues
    assert issue.open
    assert "growth" in issue.text
    deployed.workspace.patch(tags, {"add_tags": [{"key": "team", "value": "risk"}]})
    run = deployed.pipeline.run("drift.yml", events.schedule(deployed.pipeline.repository))
    assert run.results["drift (staging)"] == "success", run.log
    assert not issue.open
