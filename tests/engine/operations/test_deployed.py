"""The commands against a stack that the real engine deployed."""

import json
import subprocess
import sys
from dataclasses import replace

from tests.support.sandbox import Outcome, Sandbox


def operate(project: Sandbox, *arguments: str) -> Outcome:
    run = subprocess.run(
        [sys.executable, "-m", "model_serving", *arguments, "--stack", "local"],
        cwd=project.folder,
        env=dict(project.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(run.stdout, run.returncode)


def test_deployed_stack_is_queried_smoked_and_shown(project: Sandbox) -> None:
    request = project.folder / "payment.json"
    request.write_text(json.dumps({"dataframe_records": [{"amount": 12.5}]}), encoding="utf-8")
    before = operate(project, "query", "fraud-scorer", "--data", "payment.json")
    assert (before.status, before.text) == (
        1,
        'Stack "local" has no endpoints in its outputs. Deploy it first: pulumi up --stack local\n',
    )
    project.pulumi("up", "--yes", "--skip-preview")
    asked = operate(project, "query", "fraud-scorer", "--data", "payment.json")
    assert asked.status == 0, asked.text
    assert "fraud-scorer, route optimized: champion answered in " in asked.text
    shadow = operate(project, "shadow", "fraud-scorer", "challenger", "--data", "payment.json")
    assert "challenger of fraud-scorer agrees with the live answers to 0 of 1 requests" in shadow.text
    smoked = operate(project, "smoke")
    assert (smoked.status, smoked.text.splitlines()[-1]) == (0, "2 passed, 0 failed"), smoked.text
    status = operate(project, "status")
    assert (status.status, "3 ready" in status.text) == (0, True), status.text
    environment = {**project.environment, "PULUMI_CONFIG_PASSPHRASE": "wrong"}
    without = operate(replace(project, environment=environment), "status", "fraud-scorer")
    assert (without.status, "note:" in without.text) == (0, False), without.text
    assert "route optimized  yes: the URL accepts OAuth tokens only" in without.text
