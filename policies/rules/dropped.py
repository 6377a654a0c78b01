"""Changes that the provider reports as done and never sends."""

from collections.abc import Iterator
from typing import Any, Final

from contract.rows import OnChange, fields
from policies.live import LiveEndpoint, UnreadableError, live_endpoint
from policies.pack.inputs import MODEL_SERVING, has_unknown
from policies.pack.rule import Finding, Resource, Rule, Settings

_ANSWERED: Final = {"description": "description", "budgetPolicyId": "effective_budget_policy_id"}
"""Fields that a read of the endpoint shows, by the provider's name: its name in the answer."""


def _check(resource: Resource, _settings: Settings) -> Iterator[Finding]:
    name = resource.inputs.get("name")
    if not isinstance(name, str) or has_unknown(dict(resource.provider)):
        return
    try:
        live = live_endpoint(name, resource.provider, is_preview=resource.is_preview)
    except UnreadableError:
        return  # route-optimized-create-only says so
    if live:
        yield from _lost(resource, live)


def _lost(resource: Resource, live: LiveEndpoint) -> Iterator[Finding]:
    reasons = {row.path: row.reason for row in fields("model_serving") if row.on_change is OnChange.DROPPED}
    for field, answered in _ANSWERED.items():
        wanted, found = resource.inputs.get(field), live.answer.get(answered)
        if field in reasons and isinstance(wanted, str) and wanted != (found or ""):
            yield Finding(
                f'{field} of the live endpoint "{live.name}" won\'t become {_short(wanted)}: it stays '
                f"{_short(found or '')}, though Pulumi will say updated ({reasons[field]})"
            )


def _short(value: Any) -> str:
    text = str(value)
    return f'"{text}"' if len(text) <= 40 else f'"{text[:37]}..."'  # noqa: PLR2004


changes_arrive = Rule(
    name="changes-arrive",
    description="What the provider reports as updated is really sent.",
    level="advisory",
    types=(MODEL_SERVING,),
    check=_check,
    reads_live=True,
    why="For some fields the provider says updated and writes nothing; the field contract knows which.",
    passes="Fields that an update sends; a new endpoint; values as they are in the workspace.",
    fails="A description or budget policy that differs from the live endpoint's.",
)
