"""`make workspace-page`: docs/workspace.md, written from the route table, the rules and the switches.

What a rule does is the first line of its docstring; which fact it follows is the `Source` there or, for what a whole
module does, in the module's docstring.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any, Final

from model_serving.workspace.admin.switches import SWITCHES
from model_serving.workspace.http.openapi import rule_name
from model_serving.workspace.http.routes import every_route
from model_serving.workspace.serving.quotas import Limits

SOURCE: Final = re.compile(r"(?:Sources?(?: of [^:]*)?|Captures of the service): *(.+?)(?=\n\n|\Z)", re.DOTALL)
OURS: Final = "the embedded workspace's own"
OWN_MODULES: Final = ("journal", "fault_injection", "seed", "inference_tables", "overview", "routes")

HEAD: Final = """\
# The embedded workspace

Written by `python -m model_serving.workspace.http.reference_docs` from the routes and rules themselves; don't edit it.

`python -m workspace` is a Databricks workspace on this machine: serving endpoints with their life, permissions,
identities, Unity Catalog as far as serving needs it, OAuth, and a data plane that answers. Official clients talk to it
unchanged: the Terraform-derived provider, databricks-sdk, the MLflow deployments client, the OpenAI client.

- **State** is one SQLite file (`--db`). What was answered survives `kill -9`. Secret values lie in it base64-encoded,
  not encrypted: never put a real secret into an emulator.
- **It listens on loopback** unless `--host` says otherwise.
- **A page for people** is at its root: endpoints, traffic, permissions, the last requests, live. It asks for no login:
  it is shown to this machine only, even where `--host` opens the API to others, and never under another host name; it
  holds no token, secret, request or answer.
- **Models** answer through `--model NAME[/VERSION]=PATH`, a Python file or an MLflow model folder, or `scored_by` in
  the seed file; without one by an echo that is always the same for the same input. `main.ml.iris` is a real, small
  classifier: `workspace/dataplane/models/iris.py`. A model runs inside the server: one that is slow makes others wait.
- **Failures on purpose**: `POST /_workspace/faults` (see `workspace/admin/fault_injection.py`); a model version with
  `fails` in the seed file (see `workspace/admin/seed.py`) ends its deployment in UPDATE_FAILED.
- **Inference tables and usage** are counted and kept: `GET /_workspace/tables/{full_name}`. There is no SQL.
- **OpenAPI**: `GET /_workspace/openapi.json`. `make fuzz` sends five minutes of requests made up from it.

## Not here

SQL and `ai_query()`, jobs and notebooks, external functions, budget policies, the token-based rate limits of an AI
gateway, guardrails (kept and shown, never applied), real models behind foundation and external ones (they repeat what
they were told), logs of a real build.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_switches(), *_limits(), *_routes()]) + "\n"


def evidence(rule: Callable[..., Any]) -> str | None:
    """The fact that a rule follows: from its own docstring, or its module's."""
    if rule_name(rule).partition(".")[0] in (
        "journal",
        "fault_injection",
        "seed",
        "inference_tables",
        "overview",
        "routes",
    ):
        return OURS
    module = inspect.getmodule(rule)
    assert module is not None, "A rule is defined in a module"
    for text in (inspect.getdoc(_documented(rule)), inspect.getdoc(module)):
        if found := SOURCE.search(text or ""):
            return " ".join(found[1].split()).rstrip(".")
    return None


def _documented(rule: Callable[..., Any]) -> Callable[..., Any]:
    """The rule, or the function that makes it for one kind of identity."""
    maker: Callable[..., Any] = getattr(inspect.getmodule(rule), rule_name(rule).partition(".")[2])
    return maker


def _routes() -> Iterator[str]:
    yield "## Routes\n"
    yield "| | route | what it does | evidence |"
    yield "| --- | --- | --- | --- |"
    for method, path, rule in every_route():
        told = (inspect.getdoc(_documented(rule)) or "").split("\n\n")[0]
        does = SOURCE.sub("", " ".join(told.split())).strip()
        yield f"| ✓ | `{method} {path}` | {_cell(does) or f'`{rule_name(rule)}`'} | {_cell(evidence(rule) or '')} |"


def _switches() -> Iterator[str]:
    yield "## Where two answers are plausible\n"
    yield "`--switch NAME=ANSWER` chooses; the first answer is the default.\n"
    yield "| switch | question | answers | evidence |"
    yield "| --- | --- | --- | --- |"
    for switch in SWITCHES:
        answers = ", ".join(f"`{answer}`" for answer in switch.answers)
        yield f"| `{switch.name}` | {switch.question} | {answers} | {_cell(switch.evidence)} |"
    yield ""


def _limits() -> Iterator[str]:
    meanings = {
        "endpoints": "endpoints in the workspace",
        "changes": "creates and config updates in any window; one more gets 429 with `Retry-After`",
        "window": "seconds of that window",
        "entities": "served entities of an endpoint",
        "environment_vars": "environment variables of a served entity",
    }
    yield "## Quotas\n"
    yield "As documented under model serving limits; `--limit NAME=NUMBER` changes one.\n"
    yield "| limit | default | of what |"
    yield "| --- | --- | --- |"
    for each in fields(Limits):
        yield f"| `{each.name}` | {each.default} | {meanings[each.name]} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.stdout.write(page())
