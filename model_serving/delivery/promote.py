"""From one environment to the next: what differs between two stacks' files, and the patch that carries it over."""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.delivery.yaml_edit import with_value
from model_serving.errors import InterruptedRunError, UserError
from model_serving.review.assess.grouping import owners
from model_serving.review.assess.resource_change import Row
from model_serving.review.assess.served_entities import entities, shares
from model_serving.review.plan.diff import Change, Kind, compare
from model_serving.review.plan.preview import Step, Urn
from model_serving.review.plan.redact import Redactor, shown
from model_serving.review.plan.run import run_pulumi
from model_serving.spec.files.secrets import is_secret
from model_serving.spec.load import load_stack

_OF_AN_ENTITY = ("entity", "version", "feature_spec")
"""What an environment hands on: which models, and how traffic is split. Its sizes and people are its own."""


class PromotionError(UserError):
    """The two can't be compared. The text says why, and the way out."""


@dataclass(frozen=True)
class Difference:
    """One field of one endpoint in both environments, and whether the patch carries it over."""

    endpoint: str
    field: str
    source: str
    target: str
    carried: bool


@dataclass(frozen=True)
class Promotion:
    """What differs between two stacks, and the patch that carries it over."""

    source: str
    target: str
    differences: tuple[Difference, ...]
    only_in_source: tuple[str, ...]
    only_in_target: tuple[str, ...]
    undeployed: tuple[Row, ...]
    """Where an environment's file and what is deployed there are not the same: declared, deployed."""
    patch: str


def promotion(source: str, target: str, folder: Path, include: Sequence[str] = (), *, state: bool = False) -> Promotion:
    """Compare two stacks of a folder. With `state`, their deployed state, too. Raises SpecError and PromotionError."""
    if source == target:
        raise PromotionError(f'"{source}" can\'t be promoted to itself; name two stacks')
    here, there = _declared(source, folder), _declared(target, folder)
    found = [(key, change) for key in here if key in there for change in _leaves(compare(there[key], here[key]))]
    file = folder / f"Pulumi.{target}.yaml"
    before = file.read_text(encoding="utf-8")
    after = before
    for key, change in found:
        if _carried(change, there[key], include):
            after = with_value(after, ("config", "model-serving:endpoints", key, *change.path), change.new)
    return Promotion(
        source,
        target,
        tuple(
            Difference(
                key, ".".join(change.path), shown(change.new), shown(change.old), _carried(change, there[key], include)
            )
            for key, change in found
        ),
        tuple(sorted(set(here) - set(there))),
        tuple(sorted(set(there) - set(here))),
        tuple(
            row
            for stack, declared in ((source, here), (target, there))
            for row in _undeployed(stack, declared, folder.parent)
        )
        if state
        else (),
        _patch(before, after, f"stacks/{file.name}"),
    )


def _declared(stack: str, folder: Path) -> dict[str, dict[str, Any]]:
    """Each endpoint as it is written, base file included; what is left out stays out."""
    endpoints = load_stack(stack, folder).endpoints
    return {key: endpoint.model_dump(exclude_unset=True) for key, endpoint in endpoints.items()}


def _leaves(changes: Any) -> list[Change]:
    """Every change as one of a single value: a map that is only on one side is told field by field."""
    found: list[Change] = []
    for change in changes:
        inner = change.new if change.kind is Kind.ADD else change.old if change.kind is Kind.REMOVE else None
        if isinstance(inner, Mapping) and inner and change.kind is Kind.ADD:
            found += _leaves(Change((*change.path, name), Kind.ADD, new=value) for name, value in inner.items())
        else:
            found.append(change)
    return found


def _carried(change: Change, target: Mapping[str, Any], include: Sequence[str]) -> bool:
    """Whether the patch holds a change to an endpoint that the target has as `target`."""
    if is_secret(change.new) or is_secret(change.old):
        # A stack's secrets are encrypted with its own key: another stack can't read them.
        return False
    if "all" in include or set(change.path) & set(include):
        return True
    field, *below = change.path
    if field != "served_entities":
        return field == "traffic"
    # An entity that the target doesn't have comes, and one that the source doesn't have goes, as a whole.
    comes_or_goes = below[0] not in target["served_entities"] or len(below) == 1
    return comes_or_goes or below[-1] in _OF_AN_ENTITY


def _patch(before: str, after: str, name: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _undeployed(stack: str, declared: Mapping[str, Mapping[str, Any]], folder: Path) -> list[Row]:
    """Where the file of a stack says other models or traffic than its state holds."""
    deployed = _deployed(stack, folder)
    rows: list[Row] = []
    for key, endpoint in declared.items():
        wanted, live = _served(endpoint), deployed.get(key, "not deployed")
        if live != wanted:
            rows.append(Row(f"{stack}: {key}", wanted, live))
    return rows


def _served(endpoint: Mapping[str, Any]) -> str:
    parts = []
    traffic = endpoint.get("traffic") or {}
    for name, entity in sorted(endpoint["served_entities"].items()):
        model = entity.get("feature_spec") or entity.get("entity") or "?"
        label = f"{model} v{entity['version']}" if entity.get("version") else str(model)
        share = traffic.get(name, 100 if len(endpoint["served_entities"]) == 1 else 0)
        parts.append(f"{name} {label} at {share} %")
    return ", ".join(parts)


def _deployed(stack: str, folder: Path) -> dict[str, str]:
    ran = run_pulumi("stack export", stack, folder, [])
    if ran.interrupted_by:
        raise InterruptedRunError(
            ran.interrupted_by, f"Interrupted while the state of {stack} was read; it changes nothing"
        )
    if ran.status:
        raise PromotionError(f"The state of {stack} can't be read: {ran.text.strip()}")
    redactor = Redactor()
    resources = json.loads(ran.text).get("deployment", {}).get("resources") or []
    steps = tuple(
        Step("same", Urn(each["urn"]), Urn(each.get("parent") or ""), old=redactor.redact(each.get("outputs") or {}))
        for each in resources
    )
    found: dict[str, str] = {}
    for step in steps:
        if step.type == MODEL_SERVING:
            split = {share.entity: share.after for share in shares({}, step.old)}
            told = [
                f"{each.name} {each.label} at {split.get(each.name) or 0} %"
                for _, each in sorted(entities(step.old).items())
            ]
            found[owners(steps)[step.urn.text][1]] = ", ".join(told)
    return found
