"""Who gets which OAuth secret where: deliveries to secret scopes and to forges, and the readers of scopes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from model_serving.databricks.principals import is_everyone_group
from model_serving.databricks.resource_types import SECRET_ACL, SECRET_DELIVERY, SECRET_SCOPE
from model_serving.databricks.special_values import CHANGED_OUTSIDE
from model_serving.review.assess.actions import action_of
from model_serving.review.assess.grouping import Group
from model_serving.review.assess.impacts import Impact, Risk, impact
from model_serving.review.assess.resource_change import Action, Row
from model_serving.review.assess.sentence import Part, Sentence, joined, quoted, sentence
from model_serving.review.plan.diff import paired
from model_serving.review.plan.preview import Step
from model_serving.review.plan.redact import shown

_FIELD: Final = ("oauth_secret", "deliver")
_SCOPE_FIELDS: Final = {"scope": "scope", "idKeyName": "client_id", "secretKeyName": "client_secret"}
_FORGES: Final = {"github": "GitHub", "gitlab": "GitLab"}
_KEPT: Final = "what is there stays: delete it there, and rotate twice to make it useless"


def _scope_impacts(step: Step) -> Iterator[Impact]:
    name = sentence("Secret scope ", quoted(shown((step.new or step.old).get("name"))))
    match action_of(step):
        case Action.CREATE:
            yield impact(Risk.ACCESS, sentence(name, " is new"), "workspace administrators and its creator can read it")
        case Action.DELETE | Action.REPLACE:
            what = sentence(name, " is deleted with every secret in it")
            yield impact(Risk.OUTAGE, what, "callers that read it can't sign in any more")


def _reader_impacts(step: Step) -> Iterator[Impact]:
    """A reader is known by the resource's name: the application id of a new service principal is not."""
    reader, scope = step.urn.name.partition("-reader-")[2] or step.urn.name, quoted(_scope(step.new or step.old))
    match action_of(step):
        case Action.CREATE | Action.REPLACE:
            why = "everyone in the workspace can sign in with them" if is_everyone_group(reader) else ""
            yield impact(Risk.ACCESS, sentence(quoted(reader), " may read every secret of secret scope ", scope), why)
        case Action.DELETE:
            yield impact(Risk.ACCESS, sentence(quoted(reader), " may no longer read secret scope ", scope))


def _delivery_impacts(step: Step) -> Iterator[Impact]:
    old, new = step.old or {}, step.new or {}
    match action_of(step):
        case Action.CREATE:
            what = sentence("The application id and the secret are delivered to ", _keys(new))
            yield impact(Risk.ACCESS, what, "whoever may read this secret scope can sign in as this principal")
        case Action.REPLACE:
            what = sentence("The secret moves from secret scope ", quoted(_scope(old)), " to ", _keys(new))
            yield impact(Risk.INTERFACE, what, "callers must read the new scope; the old keys are deleted")
        case Action.DELETE:
            what = sentence("The secret is no longer delivered to ", _keys(old), ": the keys are deleted")
            yield impact(Risk.OUTAGE, what, "callers that read them can't sign in any more")
        case Action.UPDATE if _is_overwritten(step):
            what = sentence("The secret in ", _keys(new), " was changed outside of this project")
            yield impact(Risk.ACCESS, what, "callers that read it may not be able to sign in; deploying overwrites it")
        case Action.UPDATE:
            yield from _delivery_update(old, new)


def _delivery_update(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Impact]:
    if any(old.get(name) != new.get(name) for name in ("idKeyName", "secretKeyName")):
        what = sentence("The secret moves to ", _keys(new), ", from ", _names(old))
        yield impact(Risk.INTERFACE, what, "callers must read the new keys; the old ones are deleted")
    elif old.get("secretId") != new.get("secretId"):
        what = sentence("The newest secret replaces the one in ", _keys(new))
        yield impact(Risk.ACCESS, what, "callers that read it get the new one")


IMPACTS: Final[Mapping[str, Callable[[Step], Iterator[Impact]]]] = {
    SECRET_SCOPE: _scope_impacts,
    SECRET_ACL: _reader_impacts,
    SECRET_DELIVERY: _delivery_impacts,
}
"""What a step of each of these resources means."""


def forge_impacts(group: Group) -> Iterator[Impact]:
    """What changes of the places on forges, which are inputs of the service principal's component."""
    for forge, before, after in _forge_changes(group):
        if before is None:
            what = sentence("The application id and the secret are delivered to ", _place(forge, after))
            yield impact(Risk.ACCESS, what, "whoever runs jobs there can sign in as this principal")
        elif after is None:
            what = sentence("The secret is no longer delivered to ", _place(forge, before))
            yield impact(Risk.ACCESS, what, _KEPT)
        else:
            what = sentence("The secret moves from ", _place(forge, before), " to ", _place(forge, after))
            yield impact(Risk.INTERFACE, what, f"callers must read the new place. In the old one, {_KEPT}")


def delivery_rows(step: Step) -> Iterator[Row]:
    """The changed fields of a delivery to a secret scope. The id of the secret is no choice of an author."""
    for name, field in _SCOPE_FIELDS.items():
        before, after = (shown((side or {}).get(name)) for side in (step.old, step.new))
        if before != after and action_of(step) is not Action.DELETE:
            path = (*_FIELD, "secret_scope", field)
            yield Row(".".join(path), before, after, path)


def delivery_drift(step: Step) -> Iterator[Row]:
    """The secret of a scope that a refresh found overwritten."""
    if step.type == SECRET_DELIVERY and _is_overwritten(step):
        path = (*_FIELD, "secret_scope")
        yield Row(".".join(path), "the delivered secret", CHANGED_OUTSIDE, path)


def _is_overwritten(step: Step) -> bool:
    return step.outputs.get("secretId") == CHANGED_OUTSIDE


def forge_rows(group: Group) -> Iterator[Row]:
    """The changed places as fields of the service principal."""
    for forge, before, after in _forge_changes(group):
        label = f"oauth_secret.deliver.{forge}"
        yield Row(label, str(_place(forge, before)), str(_place(forge, after)), (*_FIELD, forge))


def _forge_changes(group: Group) -> Iterator[tuple[str, Mapping[str, Any] | None, Mapping[str, Any] | None]]:
    for step in group.components:
        before = (step.old or {}).get("delivery") or {}
        after = (step.new or {}).get("delivery") or {} if action_of(step) is not Action.DELETE else {}
        yield from ((forge, old, new) for forge, old, new in paired(before, after) if old != new)


def _keys(inputs: Mapping[str, Any]) -> Sentence:
    return sentence("secret scope ", quoted(_scope(inputs)), ", ", _names(inputs))


def _names(inputs: Mapping[str, Any]) -> Sentence:
    names = [quoted(shown(inputs.get(name))) for name in ("idKeyName", "secretKeyName")]
    return sentence("keys ", joined(names, " and "))


def _scope(inputs: Mapping[str, Any]) -> str:
    return shown(inputs.get("scope"))


def _place(forge: str, place: Mapping[str, Any] | None) -> Sentence:
    """`GitHub acme/checkout, environment prod, as ID and SECRET`; empty for none."""
    if place is None:
        return sentence()
    repository, environment = place.get("repository") or place.get("project"), place.get("environment")
    scope = place.get("environment_scope")
    where: tuple[Part, ...] = (" environment ", quoted(shown(environment))) if environment else ()
    if scope:
        where = (" environments ", quoted(shown(scope)))
    names = joined((quoted(shown(place.get(name))) for name in ("client_id_name", "client_secret_name")), " and ")
    open_to_all: Part = " (of unprotected branches, too)" if place.get("protected") is False else ""
    name = quoted(shown(repository))
    return sentence(f"{_FORGES.get(forge, forge)} ", name, ",", *where, ", as ", names, open_to_all)
