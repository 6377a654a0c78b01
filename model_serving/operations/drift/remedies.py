"""What can be done about a difference: restore what is declared, or declare what is live; and why not, where not."""

from collections.abc import Iterator
from typing import Final

from model_serving.contract.immutable_fields import immutable_fields
from model_serving.operations.drift.report import Condition, FieldDrift, Kind, Origin, ResourceDrift
from model_serving.spec.field_names import stack_file_keys
from model_serving.spec.files.secrets import MASK

_AS_DECLARED: Final = dict.fromkeys((Condition.AS_DECLARED, Condition.UPDATING), "it is as declared")
_NOT_RESTORED: Final = {
    **_AS_DECLARED,
    Condition.NOT_READABLE: "nothing is known of it",
    Condition.NOT_DEPLOYED: "a deployment creates it, after a review",
    Condition.UNDECLARED: "to keep it, restore its block in the stack file; otherwise the next deployment deletes it",
}
_NOT_DECLARED: Final = {
    **_NOT_RESTORED,
    Condition.MISSING: "to keep it deleted, remove its block from the stack file",
}
_STOPPED: Final = ("stopped",)


def why_not_reverted(resource: ResourceDrift) -> str:
    """Why deploying what is declared does not restore it, as a phrase; empty where it does."""
    if known := _NOT_RESTORED.get(resource.condition) or _of_others(resource):
        return known
    if pending := [each.name for each in resource.fields if each.origin is Origin.NOT_DEPLOYED]:
        names = ", ".join(pending)
        return f"it would get what no deployment has set yet ({names}): deploy that after a review"
    if fixed := [each.name for each in resource.fields if is_fixed(each)]:
        return f"{', '.join(fixed)} can't be changed on a live endpoint"
    own = f"{resource.key} --stack {resource.stack}`"
    if resource.condition is Condition.STOPPED and all(each.path == _STOPPED for each in resource.fields):
        return f"no deployment starts it: `model-serving start {own}"
    if resource.condition is Condition.FAILED and not resource.fields:
        return f"it fails with what is declared: `model-serving status {own}"
    return ""


def why_not_adopted(resource: ResourceDrift) -> str:
    """Why the stack files can't declare what is live, as a phrase; empty where they can, at least of one field."""
    if known := _NOT_DECLARED.get(resource.condition) or _of_others(resource):
        return known
    if resource.kind is not Kind.ENDPOINT:
        return f"declare it by hand, under `{resource.path[0] if resource.path else resource.kind.value}`"
    if any(adopted_fields(resource)):
        return ""
    reasons = [f"{each.name}: {why_not_declared(each)}" for each in resource.fields]
    return "; ".join(reasons) or "none of its fields differs"


def adopted_fields(resource: ResourceDrift) -> Iterator[FieldDrift]:
    """The fields whose live values the stack files can declare."""
    return (each for each in resource.fields if not why_not_declared(each))


def why_not_declared(field: FieldDrift) -> str:
    """Why the stack files can't declare the live value of a field, as a phrase; empty where they can."""
    if field.path == ("id",):
        return "it was created again under its name; `--revert` takes it over as it is declared"
    if field.origin is Origin.NOT_DEPLOYED:
        since = f"{field.note}, and the next deployment follows it" if field.note else "the stack files were"
        return f"it was not changed outside: {since}"
    if _has_mask([field.live, *field.shown_path]):
        return "its value may be secret and is never written: declare it by hand"
    return ""


def is_fixed(field: FieldDrift) -> bool:
    """Whether no call changes the field of a live endpoint."""
    return field.path in _fixed_paths()


def _fixed_paths() -> set[tuple[str, ...]]:
    return {stack_file_keys(tuple(each.path.split("."))) for each in immutable_fields() if "*" not in each.path}


def _of_others(resource: ResourceDrift) -> str:
    if resource.condition is Condition.OTHER_STACK:
        return f"only one stack may have it: remove it from the files of {resource.stack} or {resource.owner}"
    if resource.condition is Condition.MADE_BY_HAND and resource.kind is Kind.ENDPOINT:
        where = f" --stack {resource.stack}" if resource.stack else " --stack STACK"
        return f"`model-serving adopt --name {resource.name}{where}` takes it under management, or delete it"
    if resource.condition is Condition.MADE_BY_HAND:
        return "the next deployment takes it over, or refuses it and says why"
    return ""


def _has_mask(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_has_mask, value.values()))
    return any(map(_has_mask, value)) if isinstance(value, list | tuple) else value == MASK
