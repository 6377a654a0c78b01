"""`make demo`: deploy, query, update and destroy, on the real engine and provider, against the embedded workspace.

It runs in a sandbox (tests/support/sandbox.py) and does not read or change the user's files.
"""

import json
import sys
import time

from demo.output import check, command, model_serving, note, step, summary
from tests.support.calls import Answer, ask, oauth_token
from tests.support.sandbox import Sandbox, new_sandbox

FLIP = ("stacks/base.yaml", "route_optimized: true", "route_optimized: false")
QUERIES = 20
FLOWER = {"dataframe_records": [{"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}]}


def main() -> int:
    """Run the demo and return the exit status."""
    started = time.monotonic()
    step("Start an embedded Databricks workspace, and copy this project to a temporary folder")
    with new_sandbox("--ready-after", "1") as sandbox:
        note(f"The workspace runs at {sandbox.workspace.url}. It is removed at the end, and so is the copy")
        sandbox.pulumi("stack", "init", "local")
        _deploy(sandbox)
        _query(sandbox)
        _no_changes(sandbox)
        _rejected_change(sandbox)
        _destroy(sandbox)
    summary(f"Done in {time.monotonic() - started:.0f} s")
    note('Next: `make workspace`, and in another terminal: eval "$(make -s env)", then pulumi up')
    return 0


def _deploy(sandbox: Sandbox) -> None:
    step("Preview stacks/base.yaml with the overlay stacks/Pulumi.local.yaml, checked by the policy pack")
    command(sandbox, "preview", "--policy-pack", "policies", "--suppress-outputs")
    step("Create the resources")
    command(sandbox, "up", "--yes", "--skip-preview", "--policy-pack", "policies", "--suppress-outputs")
    note("The workspace received these writes:")
    for write in sandbox.workspace.writes():
        note(f"  {write}")


def _query(sandbox: Sandbox) -> None:
    step("Query the route-optimized endpoint as the service principal that the stack created")
    outputs = sandbox.outputs()
    endpoint, caller = outputs["endpoints"]["fraud-scorer"], outputs["service_principals"]["checkout"]
    note(f"Endpoint URL: {endpoint['url']}")
    token = oauth_token(sandbox.workspace.url, caller["application_id"], caller["client_secret"], endpoint["id"])
    note(f"OAuth token for this endpoint only, of {caller['application_id']}, valid for {token.expires_in} s")
    answers = [ask(endpoint["url"], token.access_token) for _ in range(QUERIES)]
    check(all(answer.status == 200 for answer in answers), f"every query succeeds: {answers}")  # noqa: PLR2004
    note(f"Response: {answers[0].text}")
    shares = {name: sum(answer.served_by == name for answer in answers) for name in ("champion", "challenger")}
    champion, challenger = shares["champion"], shares["challenger"]
    note(f"Of {QUERIES} queries, {champion} went to champion and {challenger} to challenger: 95 % and 5 %")
    refused: Answer = ask(endpoint["url"], sandbox.workspace.token)
    check(refused.status == 401, f"a personal access token is rejected: {refused}")  # noqa: PLR2004
    note(f"A personal access token gets {refused.status}: {json.loads(refused.text)['message']}")
    answer = sandbox.workspace.post("/serving-endpoints/iris-classifier/invocations", FLOWER)
    check(answer == {"predictions": ["setosa"]}, f"the iris model classifies a flower: {answer}")
    note(f"iris-classifier, a small real model, predicts {answer['predictions'][0]} for {FLOWER}")
    step("Send the smoke requests that the stack files declare")
    check(model_serving(sandbox, "smoke", "--stack", "local") == 0, "every smoke request passes")


def _no_changes(sandbox: Sandbox) -> None:
    step("Deploy again: the workspace matches the stack files, so nothing changes")
    before = sandbox.workspace.writes()
    command(sandbox, "up", "--yes", "--skip-preview", "--expect-no-changes", "--suppress-outputs")
    check(sandbox.workspace.writes() == before, "a second up makes no write")
    note("The workspace received no write")


def _rejected_change(sandbox: Sandbox) -> None:
    step("Try to switch off route_optimized on the live endpoint")
    note(f"{FLIP[0]}:  - {FLIP[1]}")
    note(f"{' ' * len(FLIP[0])}   + {FLIP[2]}")
    id_before = sandbox.outputs()["endpoints"]["fraud-scorer"]["id"]
    before = sandbox.workspace.writes()
    sandbox.edit(*FLIP)
    for arguments in (("preview",), ("up", "--yes", "--skip-preview")):
        status = command(sandbox, *arguments, "--policy-pack", "policies", "--suppress-outputs", must_pass=False)
        check(status != 0, f"pulumi {arguments[0]} fails")
        note(f"Rejected with exit status {status}")
    live = sandbox.workspace.get("/api/2.0/serving-endpoints/fraud-scorer")
    check(sandbox.workspace.writes() == before, "a rejected change makes no write")
    check((live["id"], live["route_optimized"]) == (id_before, True), f"the endpoint is unchanged: {live}")
    note(f"The endpoint is unchanged: id {live['id']}, route optimized, {live['state']['ready']}; no write received")
    sandbox.edit(FLIP[0], FLIP[2], FLIP[1])


def _destroy(sandbox: Sandbox) -> None:
    step("Destroy the resources")
    command(sandbox, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
    remaining = sandbox.workspace.get("/api/2.0/serving-endpoints").get("endpoints", [])
    check(not remaining, f"no endpoint remains: {remaining}")
    note("No endpoint remains in the workspace")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
