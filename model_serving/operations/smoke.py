"""`python -m model_serving smoke`: sends the requests that a stack file declares, after a deployment."""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from model_serving.operations.caller import spec_of
from model_serving.operations.compare import unmet
from model_serving.operations.errors import OperationError
from model_serving.operations.outputs import Address, Outputs, read_outputs
from model_serving.operations.query import Line, open_line
from model_serving.operations.reachability import require_answer
from model_serving.operations.requests import refusal_of, requests_in
from model_serving.spec.vocabulary.smoke import SmokeRequest


@dataclass(frozen=True)
class Result:
    """One request, sent; `faults` is empty where it passed."""

    endpoint: str
    request: str
    served_by: str
    milliseconds: int
    faults: tuple[str, ...]


def add_parser(commands: Any) -> None:
    """Puts the command on the command line."""
    parser = commands.add_parser("smoke", help="send the requests declared with each endpoint; status 1 if one fails")
    parser.add_argument("--stack", required=True, metavar="NAME", help="the stack that was deployed")
    parser.add_argument("--as", dest="caller", metavar="KEY", help="whom to ask as; see query --help")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="for people or for programs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    outputs = read_outputs(options.stack)
    declared = {address: _declared(outputs, address) for address in outputs.endpoints.values()}
    if any(declared.values()):
        require_answer(outputs.host)  # once, not for each endpoint
    results = [
        result
        for address, smoke in declared.items()
        if smoke
        for result in _tried(outputs, address, smoke, options.caller)
    ]
    if options.format == "json":
        print(json.dumps([asdict(result) for result in results], indent=2))
    else:
        print("\n".join(_table(results)))
    return 1 if any(result.faults for result in results) else 0


def _declared(outputs: Outputs, address: Address) -> Sequence[SmokeRequest]:
    spec = spec_of(outputs.stack, address.key)
    return spec.smoke if spec else ()


def _tried(
    outputs: Outputs, address: Address, declared: Sequence[SmokeRequest], caller: str | None
) -> Iterator[Result]:
    try:
        line = open_line(outputs, address, caller)
    except OperationError as fault:
        yield Result(address.key, "every request", "", 0, (str(fault),))
        return
    for number, smoke in enumerate(declared):
        yield from _sent(line, smoke, smoke.file or f"smoke[{number}]")


def _sent(line: Line, smoke: SmokeRequest, name: str) -> Iterator[Result]:
    try:
        requests = [smoke.request] if smoke.request is not None else requests_in(Path("stacks") / str(smoke.file))
        for request in requests:
            answer = line.ask(request, smoke.entity)
            faults = unmet(smoke.expect or {}, answer.body) if answer.is_good else [_refused(line, answer)]
            milliseconds = round(answer.seconds * 1000)
            yield Result(line.address.key, name, answer.served_by, milliseconds, tuple(faults))
    except OperationError as fault:
        yield Result(line.address.key, name, "", 0, (str(fault),))


def _refused(line: Line, answer: Any) -> str:
    return refusal_of(answer, line.address, line.who)


def _table(results: list[Result]) -> Iterator[str]:
    if not results:
        yield "No endpoint of this stack declares a smoke request: write some under its `smoke`"
        return
    widths = [max(len(column) for column in columns) for columns in zip(*map(_cells, results), strict=True)]
    for result in results:
        yield "  ".join(cell.ljust(width) for cell, width in zip(_cells(result), widths, strict=True)).rstrip()
        yield from (f"        {fault}" for fault in result.faults)
    failed = sum(bool(result.faults) for result in results)
    yield f"{len(results) - failed} passed, {failed} failed"


def _cells(result: Result) -> list[str]:
    time = f"{result.milliseconds} ms" if result.served_by else ""
    return ["FAILED" if result.faults else "passed", result.endpoint, result.request, result.served_by, time]
