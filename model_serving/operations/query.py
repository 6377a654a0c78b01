"""`python -m model_serving query`: asks a deployed endpoint as a service principal of its stack."""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_serving.operations.caller import authorization, client_for
from model_serving.operations.compare import differences
from model_serving.operations.errors import OperationError
from model_serving.operations.outputs import Address, Outputs, read_outputs
from model_serving.operations.requests import Answer, refusal_of, requests_in, send, url_of


@dataclass(frozen=True)
class Line:
    """The way to one endpoint with a token for it; `who` is for people."""

    address: Address
    who: str
    authorization: str

    def ask(self, request: dict[str, Any], entity: str | None = None) -> Answer:
        return send(url_of(self.address, entity), self.authorization, request)


def add_parser(commands: Any) -> None:
    """Puts the command on the command line."""
    parser = commands.add_parser("query", help="send a request to a deployed endpoint and show the answer")
    parser.add_argument("endpoint", metavar="ENDPOINT", help="its key in the stack file, or its name")
    parser.add_argument("--stack", required=True, metavar="NAME", help="the stack that deployed it")
    parser.add_argument(
        "--data", required=True, type=Path, metavar="FILE", help="JSON: a request, or a list of requests"
    )
    parser.add_argument(
        "--as",
        dest="caller",
        metavar="KEY",
        help="the service principal of the stack to ask as; `me`: the shell's own Databricks credentials",
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--entity", metavar="NAME", help="ask this served entity, whatever its traffic")
    only.add_argument(
        "--shadow", metavar="ENTITY", help="ask the endpoint and this served entity, and show where they differ"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    requests = requests_in(options.data)
    outputs = read_outputs(options.stack)
    line = open_line(outputs, outputs.endpoint(options.endpoint), options.caller)
    if options.shadow:
        return _shadow(line, requests, options.shadow)
    for request in requests:
        answer = _good(line, line.ask(request, options.entity))
        print(json.dumps(answer.body, indent=2, ensure_ascii=False), flush=True)
        print(_told(line, answer), file=sys.stderr)
    return 0


def open_line(outputs: Outputs, address: Address, caller: str | None) -> Line:
    """Raises OperationError where the endpoint's URL is not known, or nobody may be asked as."""
    if not address.url:
        raise OperationError(
            f'The URL of route-optimized endpoint "{address.key}" was not known when stack "{outputs.stack}" was'
            f" deployed. Ask the workspace again: pulumi up --refresh --stack {outputs.stack}"
        )
    client = client_for(outputs, address, caller)
    who = f'"{client.key}"' if client else "you"
    return Line(address, who, authorization(outputs, address, client))


def _good(line: Line, answer: Answer) -> Answer:
    if not answer.is_good:
        raise OperationError(refusal_of(answer, line.address, line.who))
    return answer


def _told(line: Line, answer: Answer) -> str:
    kind = ", route optimized" if line.address.route_optimized else ""
    served_by = answer.served_by or "an entity that it doesn't name"
    return f"{line.address.key}{kind}: {served_by} answered {line.who} in {answer.seconds * 1000:.0f} ms"


def _shadow(line: Line, requests: list[dict[str, Any]], entity: str) -> int:
    """A shadow deployment: what the entity would have answered to what the endpoint was asked."""
    differing = 0
    for number, request in enumerate(requests, start=1):
        live, shadow = _good(line, line.ask(request)), _good(line, line.ask(request, entity))
        found = list(differences(live.body, shadow.body))
        differing += bool(found)
        times = f"{live.seconds * 1000:.0f} and {shadow.seconds * 1000:.0f} ms"
        verdict = "differ" if found else "agree"
        print(f"Request {number}: {live.served_by} and {shadow.served_by} {verdict} ({times})")
        for each in found:
            print(f"  {each}")
    print(f"{differing} of {len(requests)} requests would have been answered differently by {entity}")
    return 0
