"""Properties of every report: the comment fits, names every outage and contains no secret."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from model_serving.review.assess.from_preview import report
from model_serving.review.plan.events import from_events
from model_serving.review.render.json_report import as_json
from model_serving.review.render.markdown import LIMIT, markdown
from model_serving.review.render.sarif import results
from model_serving.review.render.terminal import text
from model_serving.sarif import sarif

SECRET = "planted-plaintext-secret"
TOKEN = "dapi" + "0123456789abcdef" * 2
OPS = ("create", "update", "replace", "delete", "same")
NASTY = ("`", "```", "|", "<!-- ", "</details>", "@team", "\n", "<script>", "é", "🦆", "\\", "[x](y)", "> ", "# ")
SIZES = (1, 2, 3, 7, 12, 30, 60, 90, 200, 500)

Inputs = Callable[..., dict[str, Any]]
Planned = Callable[..., dict[str, Any]]


def _event(chance: random.Random, plan: Planned, inputs: Inputs, n: int) -> dict[str, Any]:
    name = f"endpoint-{n}-{'x' * chance.randrange(40)}"
    op = chance.choice(OPS)
    old, new = (_endpoint(chance, inputs, name) for _ in range(2))
    if op == "same":
        new = old
    return plan(
        op,
        name,
        None if op == "create" else old,
        None if op == "delete" else new,
        diffs=["config", "tags"],
        keys=["routeOptimized"] if op == "replace" else [],
    )


def _endpoint(chance: random.Random, inputs: Inputs, name: str) -> dict[str, Any]:
    endpoint = inputs(name, description=_text(chance), routeOptimized=chance.random() < 0.5)
    entity = endpoint["config"]["servedEntities"][0]
    entity["entityVersion"] = str(chance.randrange(9))
    entity["environmentVars"] = {"PASSWORD": f"{SECRET}-{chance.randrange(9)}", "KEY": "{{secrets/a/b}}"}
    endpoint["tags"] = [{"key": _text(chance) or "k", "value": _text(chance)} for _ in range(chance.randrange(3))]
    endpoint["aiGateway"] = {"apiKey": SECRET, "token": {"4dabf18193072939515e22adb298388d": "x", "ciphertext": SECRET}}
    return endpoint


def _text(chance: random.Random) -> str:
    return "".join(chance.choice(NASTY) * chance.randrange(1, 4) + "word" for _ in range(chance.randrange(30)))


def _events(seed: int, plan: Planned, inputs: Inputs) -> list[dict[str, Any]]:
    chance = random.Random(seed)  # noqa: S311  a plan, not a key
    events = [_event(chance, plan, inputs, n) for n in range(seed)]
    failed = {
        "severity": "error",
        "message": f"provider said: PASSWORD={SECRET}-3, token {TOKEN}\n" * chance.randrange(200),
    }
    if seed % 3 == 0:
        events.append({"diagnosticEvent": failed})
    for event in events[: chance.randrange(60)]:
        urn = event.get("resourcePreEvent", {}).get("metadata", {}).get("urn", "")
        policy = {
            "resourceUrn": urn,
            "message": f"d\nfound {SECRET}-1 and {TOKEN} {_text(chance)}",
            "policyName": "rule",
        }
        events.append({"policyEvent": {**policy, "policyPackName": "pack", "enforcementLevel": "mandatory"}})
    return [*events, {"summaryEvent": {}}]


@pytest.mark.parametrize("seed", SIZES)
def test_comment_fits_the_limit(seed: int, plan: Planned, inputs: Inputs) -> None:
    comment = markdown(report(from_events(_events(seed, plan, inputs))))
    assert len(comment) <= LIMIT
    assert comment.count("<details>") == comment.count("\n</details>")
    assert comment.endswith("</sub>\n")


@pytest.mark.parametrize("seed", SIZES)
def test_every_outage_is_named(seed: int, plan: Planned, inputs: Inputs) -> None:
    events = _events(seed, plan, inputs)
    comment = markdown(report(from_events(events)))
    steps = [event["resourcePreEvent"]["metadata"] for event in events if "resourcePreEvent" in event]
    doomed = [step["urn"].rpartition("::")[2] for step in steps if step["op"] in {"replace", "delete"}]
    caution = "".join(line for line in comment.splitlines() if line.startswith(">"))
    assert [name for name in doomed if f"`{name}`" not in caution] == []


@pytest.mark.parametrize("seed", SIZES)
def test_no_format_contains_a_secret(seed: int, plan: Planned, inputs: Inputs) -> None:
    result = report(from_events(_events(seed, plan, inputs)))
    forms = [markdown(result), as_json([result]), sarif(results(result)), text([result], width=400)]
    assert [form for form in forms if SECRET in form or TOKEN in form] == []
    assert json.loads(forms[1])["version"] == 1
    assert json.loads(forms[2])["version"] == "2.1.0"


def test_comment_does_not_depend_on_event_order(plan: Planned, inputs: Inputs) -> None:
    events = _events(25, plan, inputs)
    assert markdown(report(from_events(events[::-1]))) == markdown(report(from_events(events)))
