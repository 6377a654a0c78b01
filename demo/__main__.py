"""`make demo`: the project's story in one run, on the real engine and provider, against the embedded workspace.

Everything happens in a sandbox (see tests/support/sandbox.py): nothing of the user's is read or changed.
"""

import sys
import time

from demo.output import check, command, note, operate, step, summary
from tests.support.calls import Answer, ask, oauth_token
from tests.support.sandbox import Sandbox, new_sandbox

FLIP = ("stacks/base.yaml", "route_optimized: true", "route_optimized: false")
MANY = 20
FLOWER = {"dataframe_records": [{"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}]}


def main() -> int:
    """Play the demo and return the exit status."""
    started = time.monotonic()
    step("Starting an embedded Databricks workspace, with a copy of this project beside it")
    with new_sandbox("--ready-after", "1") as sandbox:
        note(f"The workspace answers at {sandbox.workspace.url}; it ends with this demo, and so does the copy")
        sandbox.pulumi("stack", "init", "local")
        _deploy(sandbox)
        _query(sandbox)
        _nothing_to_do(sandbox)
        _refused_pull_request(sandbox)
        _clean_up(sandbox)
    summary(f"Done in {time.monotonic() - started:.0f} s. Next: README.md, from “Work by hand” on")
    return 0


def _deploy(sandbox: Sandbox) -> None:
    step("What would be created: stacks/base.yaml with stacks/Pulumi.local.yaml over it, judged by the policy pack")
    command(sandbox, "preview", "--policy-pack", "policies", "--suppress-outputs")
    step("Creating it")
    command(sandbox, "up", "--yes", "--skip-preview", "--policy-pack", "policies", "--suppress-outputs")
    note("The workspace saw these writes:")
    for write in sandbox.workspace.writes():
        note(f"  {write}")


def _query(sandbox: Sandbox) -> None:
    step("Calling the route-optimized endpoint as the service principal that the stack made")
    outputs = sandbox.outputs()
    endpoint, caller = outputs["endpoints"]["fraud-scorer"], outputs["service_principals"]["checkout"]
    note(f"URL of its own: {endpoint['url']}")
    token = oauth_token(sandbox.workspace.url, caller["application_id"], caller["client_secret"], endpoint["id"])
    note(f"OAuth token of {caller['application_id']}, for this endpoint only, valid for {token.expires_in} s")
    answers = [ask(endpoint["url"], token.access_token) for _ in range(MANY)]
    check(all(answer.status == 200 for answer in answers), f"Every call is answered: {answers}")  # noqa: PLR2004
    note(f"Answer: {answers[0].text}")
    shares = {name: sum(answer.served_by == name for answer in answers) for name in ("champion", "challenger")}
    note(f"Of {MANY} calls, champion answered {shares['champion']} and challenger {shares['challenger']}: 95 % to 5 %")
    refused: Answer = ask(endpoint["url"], sandbox.workspace.token)
    check(refused.status == 401, f"A personal access token is refused: {refused}")  # noqa: PLR2004
    note(f"A personal access token gets {refused.status} there: {refused.text}")
    answer = sandbox.workspace.post("/serving-endpoints/iris-classifier/invocations", FLOWER)
    check(answer == {"predictions": ["setosa"]}, f"The iris model knows its flowers: {answer}")
    note(f"iris-classifier, a small real model, on {FLOWER['dataframe_records']}: {answer['predictions']}")
    step("The requests that the stack files declare, sent to what was deployed")
    check(operate(sandbox, "smoke", "--stack", "local") == 0, "Every declared request is answered")


def _nothing_to_do(sandbox: Sandbox) -> None:
    step("The same again: the workspace is as declared, so there is nothing to do")
    before = sandbox.workspace.writes()
    command(sandbox, "up", "--yes", "--skip-preview", "--expect-no-changes", "--suppress-outputs")
    check(sandbox.workspace.writes() == before, "A second up makes no write")
    note("The workspace saw no write")


def _refused_pull_request(sandbox: Sandbox) -> None:
    step("A pull request that flips route_optimized on the live endpoint")
    note(f"{FLIP[0]}:  - {FLIP[1]}")
    note(f"{' ' * len(FLIP[0])}   + {FLIP[2]}")
    id_before = sandbox.outputs()["endpoints"]["fraud-scorer"]["id"]
    before = sandbox.workspace.writes()
    sandbox.edit(*FLIP)
    for arguments in (("preview",), ("up", "--yes", "--skip-preview")):
        status = command(sandbox, *arguments, "--policy-pack", "policies", "--suppress-outputs", must_pass=False)
        check(status != 0, f"pulumi {arguments[0]} is refused")
        note(f"Refused with exit status {status}")
    live = sandbox.workspace.get("/api/2.0/serving-endpoints/fraud-scorer")
    check(sandbox.workspace.writes() == before, "A refused change makes no write")
    check((live["id"], live["route_optimized"]) == (id_before, True), f"The endpoint is as before: {live}")
    note(f"The endpoint is untouched: id {live['id']}, route optimized, {live['state']['ready']}, no write seen")
    sandbox.edit(FLIP[0], FLIP[2], FLIP[1])


def _clean_up(sandbox: Sandbox) -> None:
    step("Cleaning up")
    command(sandbox, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
    left = sandbox.workspace.get("/api/2.0/serving-endpoints").get("endpoints", [])
    check(not left, f"No endpoint is left: {left}")
    note("No endpoint is left in the workspace")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
