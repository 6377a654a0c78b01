"""`model-serving query` against a deployed stack."""

import json
import re
import shlex
from typing import Any

import pytest

from tests.support.troubleshooting import section

PAYMENT = {"dataframe_records": [{"amount": 12.5}]}


def test_a_route_optimized_endpoint_answers(deployed: Any) -> None:
    asked = deployed.run("query", "fraud-scorer", "--data", deployed.request(PAYMENT))
    assert asked.status == 0, asked.err
    assert list(json.loads(asked.out)) == ["predictions"]
    assert re.fullmatch(
        r"fraud-scorer, route optimized: champion answered in \d+ ms \(called as checkout\)\n", asked.err
    )


def test_an_endpoint_without_its_own_url_answers(deployed: Any) -> None:
    asked = deployed.run("query", "plain", "--as", "checkout", "--data", deployed.request([PAYMENT, PAYMENT]))
    assert asked.status == 0, asked.err
    assert asked.out.count("predictions") == 2
    assert len(re.findall(r"plain: current answered in \d+ ms \(called as checkout\)\n", asked.err)) == 2


@pytest.mark.parametrize("endpoint", ["fraud-scorer", "plain"])
def test_one_served_entity_can_be_queried(deployed: Any, endpoint: str) -> None:
    entity = {"fraud-scorer": "shadow", "plain": "second"}[endpoint]
    asked = deployed.run("query", endpoint, "--entity", entity, "--data", deployed.request(PAYMENT))
    assert f"{entity} answered" in asked.err


def test_own_credentials_can_be_used(deployed: Any) -> None:
    mine = {"DATABRICKS_TOKEN": deployed.workspace.token}
    asked = deployed.run("query", "closed", "--as", "me", "--data", deployed.request(PAYMENT), **mine)
    assert "(called with your own credentials)" in asked.err


def test_service_principals_come_before_own_credentials(deployed: Any) -> None:
    mine = {"DATABRICKS_TOKEN": deployed.workspace.token}
    asked = deployed.run("query", "plain", "--data", deployed.request(PAYMENT), **mine)
    assert "(called as checkout)" in asked.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("fraud-scorr",), 'Stack "dev" has no endpoint "fraud-scorr". Did you mean "fraud-scorer"?'),
        (
            ("x9",),
            (
                'Stack "dev" has no endpoint "x9". Its endpoints: agent, assistant, closed, fraud-scorer,'
                " iris-classifier, plain"
            ),
        ),
        (
            ("plain", "--as", "billing"),
            (
                'Stack "dev" has no service principal "billing" with an OAuth secret; there are: checkout. `--as me`'
                " uses your own credentials"
            ),
        ),
        (
            ("closed",),
            (
                'No service principal with an OAuth secret in stack "dev" may query "closed". Give one CAN_QUERY under'
                " endpoints.closed.permissions, or use your own credentials: --as me"
            ),
        ),
        (
            ("closed", "--as", "checkout"),
            (
                '"checkout" may not query "closed" (403: User does not have permission \'Query\' on Endpoint closed).'
                " Give it CAN_QUERY under endpoints.closed.permissions and deploy"
            ),
        ),
        (
            ("plain", "--entity", "curent"),
            '"plain" has no served entity "curent". Did you mean "current"?',
        ),
        (
            ("plain", "--stack", "prod"),
            'There is no stack "prod" in the state backend (file:///state). Create it: pulumi stack init prod',
        ),
    ],
    ids=["close", "unknown", "principal", "nobody", "403", "404", "stack"],
)
def test_a_mistake_is_explained(deployed: Any, arguments: tuple[str, ...], sentence: str) -> None:
    options = list(arguments)
    stack = options.pop() if "--stack" in options else "dev"
    options = [option for option in options if option != "--stack"]
    asked = deployed.run("query", *options, "--data", deployed.request(PAYMENT), stack=stack)
    assert (asked.status, asked.out, asked.err) == (1, "", f"{sentence}\n")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"inputs": [1 2]}', "request.json:1:15 is not JSON: "),
        ("3", 'request.json must hold a request as in {"dataframe_records": '),
        ("[]", "request.json must hold a request as in "),
    ],
)
def test_an_invalid_request_file_is_explained(deployed: Any, content: str, sentence: str) -> None:
    asked = deployed.run("query", "plain", "--data", deployed.request(content))
    assert (asked.status, asked.out, asked.err.count("\n")) == (1, "", 1)
    assert asked.err.startswith(sentence)


def test_a_missing_request_file_is_named(deployed: Any) -> None:
    asked = deployed.run("query", "plain", "--data", "nowhere.json")
    assert asked.err == "nowhere.json can't be read: No such file or directory\n"


def test_a_stack_must_be_deployed_first(deployed: Any) -> None:
    deployed.outputs.clear()
    deployed.publish()
    asked = deployed.run("query", "plain", "--data", deployed.request(PAYMENT))
    assert asked.err == 'Stack "dev" has no endpoints in its outputs. Deploy it first: pulumi up --stack dev\n'


def test_without_pulumi_its_installation_is_named(deployed: Any) -> None:
    asked = deployed.run("query", "plain", "--data", deployed.request(PAYMENT), PATH="/nowhere")
    assert asked.err.startswith("`pulumi` is not on PATH. ")


def test_a_replaced_secret_is_explained_and_hidden(deployed: Any) -> None:
    deployed.outputs["service_principals"]["checkout"]["client_secret"] = "dose-replaced"
    deployed.publish()
    asked = deployed.run("query", "plain", "--data", deployed.request(PAYMENT))
    assert asked.err.startswith("Sign-in failed at http://")
    assert asked.err.endswith(
        'it does not accept the OAuth secret of "checkout". If its secret was replaced or has expired:'
        " pulumi up --refresh --stack dev\n"
    )


def test_a_token_needs_permission_to_query(deployed: Any) -> None:
    deployed.outputs["endpoints"]["closed"] |= {"route_optimized": True}
    deployed.publish()
    asked = deployed.run("query", "closed", "--as", "checkout", "--data", deployed.request(PAYMENT))
    assert asked.err == (
        '"checkout" may not query "closed": token refused. Give it CAN_QUERY under'
        " endpoints.closed.permissions and deploy\n"
    )


def test_an_absent_endpoint_is_explained(deployed: Any) -> None:
    deployed.outputs["endpoints"]["plain"]["url"] = "http://127.0.0.1:9/serving-endpoints/plain/invocations"
    deployed.publish()
    asked = deployed.run("query", "plain", "--data", deployed.request(PAYMENT))
    assert asked.status == 1
    assert asked.err.startswith("http://127.0.0.1:9/serving-endpoints/plain/invocations does not answer: ")


def test_too_many_requests_are_explained(deployed: Any) -> None:
    fault = {"pattern": "POST /serving-endpoints/plain/*", "status": 429, "message": "slow down"}
    deployed.workspace.post("/_workspace/faults", fault)
    asked = deployed.run("query", "plain", "--data", deployed.request(PAYMENT))
    assert asked.err == '"plain" gets too many requests (429: slow down). Try again later\n'


def test_no_secret_is_printed(deployed: Any) -> None:
    secret = deployed.outputs["service_principals"]["checkout"]["client_secret"]
    for arguments in (("plain",), ("closed", "--as", "checkout"), ("nobody",)):
        asked = deployed.run("query", *arguments, "--data", deployed.request(PAYMENT))
        assert secret not in asked.out + asked.err


@pytest.mark.parametrize("url", [{}, {"url": None}], ids=["absent", "null"])
def test_an_unknown_url_is_explained(deployed: Any, url: dict[str, Any]) -> None:
    del deployed.outputs["endpoints"]["fraud-scorer"]["url"]
    deployed.outputs["endpoints"]["fraud-scorer"] |= url
    deployed.publish()
    asked = deployed.run("query", "fraud-scorer", "--data", deployed.request(PAYMENT))
    assert (asked.status, asked.out) == (1, "")
    assert asked.err == (
        'The URL of route-optimized endpoint "fraud-scorer" was not known when stack "dev" was deployed.'
        " Ask the workspace again: pulumi up --refresh --stack dev\n"
    )


@pytest.mark.parametrize("data", ['{"dataframe_records": [{"amount": 12.5}]}', ' [{"inputs": [[1.5]]}]'])
def test_request_can_be_typed(deployed: Any, data: str) -> None:
    asked = deployed.run("query", "plain", "--data", data)
    assert asked.status == 0, asked.err
    assert "predictions" in asked.out


def test_typed_request_that_is_no_json_is_explained(deployed: Any) -> None:
    asked = deployed.run("query", "plain", "--data", "{amount: 12}")
    assert (asked.status, asked.err) == (
        1,
        "--data:1:2 is not JSON: Expecting property name enclosed in double quotes\n",
    )


def test_smoke_request_is_the_default(deployed: Any) -> None:
    deployed.declare("        - {request: {dataframe_records: [{amount: 12.5}]}}\n")
    asked = deployed.run("query", "plain")
    assert asked.status == 0, asked.err
    assert asked.out == deployed.run("query", "plain", "--data", deployed.request(PAYMENT)).out


def test_endpoint_without_smoke_request_needs_data(deployed: Any) -> None:
    asked = deployed.run("query", "plain")
    assert asked.status == 1
    assert asked.err.startswith('Endpoint "plain" declares no request under `smoke`, so give one: --data \'{"data')


def test_stopped_endpoint_names_the_command_that_starts_it(deployed: Any) -> None:
    deployed.declare(f"        - {{request: {json.dumps(PAYMENT)}}}\n")
    entry = section("An endpoint is stopped")
    command = shlex.split(entry.commands)
    deployed.workspace.post("/api/2.0/serving-endpoints/plain/config:stop", {})
    try:
        asked = deployed.run("query", "plain", "--data", json.dumps(PAYMENT))
        smoked = deployed.run("smoke")
    finally:
        started = deployed.run(command[1], "plain", DATABRICKS_TOKEN=deployed.workspace.token)
    assert command[2:] == ["fraud-scorer", "--stack", "prod"]
    assert entry.shows(asked.err.replace("plain", "fraud-scorer").replace("dev", "prod"))
    assert (started.status, started.out) == (0, "plain: ready. The stack file declares it so\n")
    assert deployed.run("query", "plain", "--data", json.dumps(PAYMENT)).status == 0
    message = (
        '"plain" is stopped (400: The given endpoint is stopped, please retry after starting the endpoint). To start'
        " it, which takes minutes: model-serving start plain --stack dev"
    )
    assert (asked.status, asked.err) == (1, f"{message}\n")
    assert (smoked.status, message in smoked.out) == (1, True)


MIGRATING = """\
    plain:
      name: plain-2
      predecessor: {name: iris-classifier}
"""


def test_both_endpoints_of_a_migration_can_be_queried(deployed: Any) -> None:
    """The predecessor is known by its place in the outputs and by its name."""
    file = deployed.folder / "stacks" / "Pulumi.dev.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("    plain:\n", MIGRATING), encoding="utf-8")
    endpoints = deployed.outputs["endpoints"]
    endpoints["plain"]["predecessor"] = endpoints["fraud-scorer"]
    deployed.publish()
    data = ("--as", "checkout", "--data", deployed.request(PAYMENT))
    assert deployed.run("query", "plain", *data).err.startswith("plain: current answered")
    asked = deployed.run("query", "plain.predecessor", *data)
    assert asked.err.startswith("plain.predecessor, route optimized: champion answered"), asked.err
    unknown = deployed.run("query", "plain.predecesor", *data)
    assert 'Did you mean "plain.predecessor"?' in unknown.err
