"""A workspace that answers 503 throughout an `up`: a bound by default, another by the stack file, and a message."""

import json
import time

from tests.support.sandbox import Sandbox

UP = ("up", "--yes", "--skip-preview")
BOUND = "  databricks:retryTimeoutSeconds: {value: 300}\n"


def provider(sandbox: Sandbox) -> dict[str, str]:
    """The inputs of the stack's Databricks provider."""
    resources = json.loads(sandbox.pulumi("stack", "export").text)["deployment"]["resources"]
    (inputs,) = [each["inputs"] for each in resources if each["type"] == "pulumi:providers:databricks"]
    return dict(inputs)


def test_adding_a_retry_timeout_writes_nothing(project: Sandbox) -> None:
    project.edit("Pulumi.yaml", BOUND, "  databricks:rateLimit: {value: 15}\n")
    project.pulumi(*UP)
    assert "retryTimeoutSeconds" not in provider(project)
    before = project.workspace.writes()
    project.edit("Pulumi.yaml", "  databricks:rateLimit: {value: 15}\n", BOUND)
    project.pulumi("preview", "--expect-no-changes")
    project.pulumi(*UP, "--expect-no-changes")
    assert project.workspace.writes() == before
    assert provider(project)["retryTimeoutSeconds"] == "300"


def test_up_ends_at_the_retry_timeout(project: Sandbox) -> None:
    project.pulumi("config", "set", "databricks:retryTimeoutSeconds", "25")
    fault = {"pattern": "POST /api/2.0/serving-endpoints", "status": 503, "body": "no healthy upstream", "times": -1}
    project.workspace.post("/_workspace/faults", fault)
    began = time.monotonic()
    failed = project.pulumi(*UP, check=False)
    assert failed.refused, failed.text
    assert 25 <= time.monotonic() - began < 90
    assert 'for serving endpoint "' in failed.text
    assert "the workspace answers, but has not created it. A call that gets no answer, or 429 or 503," in failed.text
    assert "fails after 25 s" in failed.text
    assert "no healthy upstream" in failed.text
    project.workspace.delete("/_workspace/faults")
    project.pulumi(*UP)
    project.pulumi(*UP, "--expect-no-changes")
