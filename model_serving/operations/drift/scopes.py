"""Compare the secret scopes of a stack with the workspace: whether they are there, their readers, and their keys."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from model_serving.components.from_spec import scope_name
from model_serving.databricks.secret_scopes import keys_path
from model_serving.operations.drift.found import Found
from model_serving.operations.drift.principals import delivered_keys
from model_serving.operations.drift.reads import Answer, Reader, Unread
from model_serving.operations.drift.report import (
    Condition,
    FieldDrift,
    Kind,
    Orphan,
    OrphanKind,
    ResourceDrift,
)
from model_serving.operations.drift.sources import Source

_SCOPES: Final = "/api/2.0/secrets/scopes/list"
_MANAGE: Final = "MANAGE"


def compare_scopes(reader: Reader, source: Source, every: Sequence[Source], owners: Sequence[str | None]) -> Found:
    """The secret scopes that a stack's files declare, and those that its state has.

    `every` are the stacks that may deliver to them; `owners` the identities that deploy, who have MANAGE undeclared.
    """
    names = {} if source.spec is None else {key: scope_name(source.spec, key) for key in source.spec.secret_scopes}
    deployed = source.deployed.scopes
    if not names and not deployed:
        return Found()
    listing = reader.read(_SCOPES)
    every_one = Found()
    if not isinstance(listing, Mapping):
        every_one.leave_out(f"The secret scopes of the workspace can't be listed: {listing}", listing)
        return every_one
    live = {str(each["name"]) for each in listing.get("scopes") or []}
    every_name = list(dict.fromkeys([*names.values(), *deployed.values()]))
    keys = reader.read_all(map(keys_path, every_name))
    reader.read_all(_acls_path(name) for name in every_name if name in live)
    for key in dict.fromkeys([*names, *deployed]):
        name = deployed.get(key) or names[key]
        answer = keys[keys_path(name)]
        if isinstance(answer, Unread) and answer.is_denied:
            every_one.leave_out(f'The secret scope "{name}" can\'t be read: {answer}', answer)
            continue
        found = _resource(source, key, name, answer)
        if name in live and found.condition is Condition.AS_DECLARED:
            acls = reader.read(_acls_path(name))
            if isinstance(acls, Unread) and acls.is_denied:
                every_one.leave_out(f'The readers of secret scope "{name}" can\'t be read: {acls}', acls)
            else:
                found = _with_readers(found, acls, source, owners)
            delivered = delivered_keys(every).get(name, set())
            every_one.orphans += _orphans(reader, source, name, delivered)
        every_one.resources.append(found)
    return every_one


def _acls_path(scope: str) -> str:
    return f"/api/2.0/secrets/acls/list?scope={quote(scope, safe='')}"


def _resource(source: Source, key: str, name: str, keys: Answer) -> ResourceDrift:
    """Its class by the answer for its keys: a listing has only the scopes that the caller may read."""
    is_declared = source.spec is not None and key in source.spec.secret_scopes
    path = ("secret_scopes", key) if is_declared else ()
    found = ResourceDrift(Kind.SECRET_SCOPE, name, Condition.AS_DECLARED, source.stack, key, path)
    is_deployed, is_live = key in source.deployed.scopes, keys is not None
    if isinstance(keys, Unread):
        return replace(found, condition=Condition.NOT_READABLE, reason=keys.reason)
    if is_deployed and not is_live:
        return replace(found, condition=Condition.MISSING, reason="it is not in the workspace")
    if is_deployed and not is_declared and source.spec is not None:
        reason = "in the state and no longer in the stack files: the next `up` deletes it"
        return replace(found, condition=Condition.UNDECLARED, reason=reason)
    if is_declared and not is_deployed and source.resources is not None:
        condition = Condition.MADE_BY_HAND if is_live else Condition.NOT_DEPLOYED
        reason = "declared, but no stack has created it" if is_live else "no deployment has created it"
        return replace(found, condition=condition, reason=reason)
    return found


def _with_readers(found: ResourceDrift, acls: Answer, source: Source, owners: Sequence[str | None]) -> ResourceDrift:
    """The scope with the rights that differ, by principal."""
    if not isinstance(acls, Mapping):
        reason = f"its readers can't be read: {acls or 'there is no such scope'}"
        return replace(found, condition=Condition.NOT_READABLE, reason=reason)
    scopes = {} if source.spec is None else source.spec.secret_scopes
    declared = {_principal(source, each): "READ" for each in scopes[found.key].readers} if scopes else {}
    live = {str(each["principal"]): str(each["permission"]) for each in acls.get("items") or []}
    hidden = _managers(live, owners)
    fields = tuple(_rights(source, declared, {who: right for who, right in live.items() if who not in hidden}))
    return replace(found, condition=Condition.DRIFTED if fields else found.condition, fields=fields)


def _principal(source: Source, reader: Any) -> str:
    return source.application_id(reader.principal) if reader.kind == "service_principal" else str(reader.principal)


def _managers(live: Mapping[str, str], owners: Sequence[str | None]) -> set[str]:
    """Those who manage a scope without being declared: its creator, who is the only one or an identity that deploys."""
    managers = [who for who, right in live.items() if right == _MANAGE]
    own = {who for who in managers if any(owner and owner.lower() == who.lower() for owner in owners)}
    return own or ({*managers} if len(managers) == 1 else set())


def _rights(source: Source, declared: Mapping[str, str], live: Mapping[str, str]) -> Iterator[FieldDrift]:
    for who in dict.fromkeys([*declared, *live]):
        if declared.get(who) != live.get(who):
            yield FieldDrift(("readers", source.key_of(who)), declared.get(who), live.get(who))


def _orphans(reader: Reader, source: Source, scope: str, delivered: set[str]) -> Iterator[Orphan]:
    """The keys of a scope of the stack that no delivery writes."""
    answer = reader.read(keys_path(scope))
    for each in (answer.get("secrets") or []) if isinstance(answer, Mapping) else []:
        if str(each["key"]) not in delivered:
            yield Orphan(
                OrphanKind.SECRET_KEY,
                source.stack,
                scope,
                str(each["key"]),
                "no delivery of a stack writes it; deleting the stack's scope deletes it, too",
                f"databricks secrets delete-secret {scope} {each['key']}",
                each["last_updated_timestamp"] / 1000 if each.get("last_updated_timestamp") else None,
            )
