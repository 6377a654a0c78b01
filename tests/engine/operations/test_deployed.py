"""The commands against a stack that the real engine deployed."""

import json
import subprocess
from dataclasses import replace

from tests.support.sandbox import Outcome, Sandbox


def operate(project: Sandbox, *arguments: str) -> Outcome:
    run = subprocess.run(
        [project.python, "-m", "model_serving", *arguments, "--stack", "local"],
        cwd=project.folder,
        env=dict(project.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(run.stdout, run.returncode)


LOCAL = "stacks/Pulumi.local.yaml"
ASSISTANT = """\
  model-serving:endpoints:
    assistant:
      route_optimized: true
      served_entities:
        first: {entity: main.ml.assistant, version: "1"}
        second: {entity: main.ml.assistant, version: "2"}
      traffic: {first: 100, second: 0}
      permissions:
        - {service_principal: checkout, level: CAN_QUERY}
      smoke:
        - request: {messages: [{role: user, content: "Is it fraud?"}]}
          expect: {choices: [{message: {content: "It looks like fraud: ask the customer to confirm it."}}]}
"""
QUESTIONS = [{"messages": [{"role": "user", "content": question}]} for question in ("fraud?", "limit?")]


def test_deployed_stack_is_queried_smoked_and_shown(project: Sandbox) -> None:
    request = project.folder / "payment.json"
    request.write_text(json.dumps({"dataframe_records": [{"amount": 12.5}]}), encoding="utf-8")
    (project.folder / "questions.json").write_text(json.dumps(QUESTIONS), encoding="utf-8")
    before = operate(project, "query", "fraud-scorer", "--data", "payment.json")
    assert (before.status, before.text) == (
        1,
        'Stack "local" has no endpoints in its outputs. Deploy it first: pulumi up --stack local\n',
    )
    project.edit(LOCAL, "  model-serving:endpoints:\n", ASSISTANT)
    project.pulumi("up", "--yes", "--skip-preview")
    asked = operate(project, "query", "fraud-scorer", "--data", "payment.json")
    assert asked.status == 0, asked.text
    assert "fraud-scorer, route optimized: champion answered in " in asked.text
    shadow = operate(project, "shadow", "fraud-scorer", "challenger", "--data", "payment.json")
    assert "agrees with the live answers to 0 of 1 requests of payment.json (0 %)" in shadow.text
    smoked = operate(project, "smoke")
    assert (smoked.status, smoked.text.splitlines()[-1]) == (0, "3 passed, 0 failed"), smoked.text
    bounds = ("--rate", "100/s", "--agreement-at-least", "99%")
    shadow = operate(project, "shadow", "assistant", "second", "--data", "questions.json", *bounds)
    assert "second of assistant agrees with the live answers to 1 of 2 requests" in shadow.text
    assert (shadow.status, "BROKEN: agreement is 50 %; at least 99 %" in shadow.text) == (1, True), shadow.text
    status = operate(project, "status")
    assert (status.status, "4 ready" in status.text) == (0, True), status.text
    logs = operate(project, "logs", "fraud-scorer", "champion")
    assert (logs.status, "Image built" in logs.text, "The scoring server is ready" in logs.text) == (0, True, True)
    metrics = operate(project, "metrics")
    assert (metrics.status, "fraud-scorer" in metrics.text, "second" in metrics.text) == (0, True, True), metrics.text
    environment = {**project.environment, "PULUMI_CONFIG_PASSPHRASE": "wrong"}
    without = operate(replace(project, environment=environment), "status", "fraud-scorer")
    assert (without.status, "note:" in without.text) == (0, False), without.text
    assert "route optimized  yes: the URL accepts OAuth tokens only" in without.text
    again = project.pulumi("preview", "--refresh", "--expect-no-changes", check=False)
    assert again.status == 0, again.text
