"""Compare the service principals of a stack with the workspace: themselves, their OAuth secrets and deliveries.

Only workspace admins may read secrets. Grants are not compared: `model-serving review --refresh` compares them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from model_serving.databricks.principals import SCIM, oauth_secrets_path
from model_serving.databricks.secret_scopes import keys_path
from model_serving.operations.drift.deployed import DeployedPrincipal
from model_serving.operations.drift.found import Found
from model_serving.operations.drift.reads import Answer, Reader, Unread
from model_serving.operations.drift.report import (
    Condition,
    FieldDrift,
    Kind,
    Origin,
    Orphan,
    OrphanKind,
    ResourceDrift,
)
from model_serving.operations.drift.sources import Source
from model_serving.spec.vocabulary.stack import ServicePrincipal

_SECRET: Final = ("oauth_secret",)
_PLACE: Final = (*_SECRET, "deliver", "secret_scope")
_KEYS: Final = ("idKeyName", "secretKeyName")


def compare_principals(reader: Reader, source: Source) -> Found:
    """The service principals that a stack's files declare, and those that its state has, by key."""
    declared = {} if source.spec is None else dict(source.spec.service_principals)
    deployed = source.deployed.principals
    reader.read_all(path for each in deployed.values() for path in _paths(each))  # at once
    found = Found()
    for key in dict.fromkeys([*declared, *deployed]):
        comparison = _Comparison(reader, source, key, declared.get(key), deployed.get(key))
        resource = comparison.resource()
        resources = [resource] if resource else []
        own = Found(resources, [*comparison.orphans()])
        for sentence, answer in comparison.unread():
            own.leave_out(sentence, answer)
        found.add(own)
    return found


def _paths(deployed: DeployedPrincipal) -> list[str]:
    """What is read of one."""
    created = [_principal_path(deployed.id)] if deployed.is_created else []
    secrets = [oauth_secrets_path(deployed.id)] if deployed.id and (deployed.secrets or deployed.is_created) else []
    return created + secrets + [keys_path(str(each["scope"])) for each in deployed.deliveries]


def _principal_path(identity: str) -> str:
    return f"{SCIM}/ServicePrincipals/{identity}"


@dataclass(frozen=True)
class _Comparison:
    """One service principal."""

    reader: Reader
    source: Source
    key: str
    declared: ServicePrincipal | None
    deployed: DeployedPrincipal | None

    def resource(self) -> ResourceDrift | None:
        """Its class and fields; None for one that the stack uses without a secret of its own."""
        name = self._display_name() or self.key
        path = ("service_principals", self.key)
        found = ResourceDrift(
            Kind.SERVICE_PRINCIPAL,
            name,
            Condition.AS_DECLARED,
            self.source.stack,
            self.key,
            path if self.declared else (),
        )
        if self.deployed is None:
            return self._not_deployed(found)
        if self.declared is None:
            return self._undeclared(found)
        live = self.reader.read(_principal_path(self.deployed.id)) if self.deployed.is_created else {}
        if isinstance(live, Unread):
            return replace(found, condition=Condition.NOT_READABLE, reason=live.reason)
        if live is None:
            return replace(found, condition=Condition.MISSING, reason="it is not in the workspace")
        fields = (*self._fields(live), *self._secrets(), *self._deliveries())
        if not self.deployed.is_created and not self.deployed.secrets:
            return None
        condition = Condition.DRIFTED if fields else Condition.AS_DECLARED
        return replace(found, condition=condition, fields=fields, id=self.deployed.application_id)

    def _display_name(self) -> str:
        spec = self.source.spec
        declared = self.declared.display_name if self.declared else None
        return spec.name_prefix + declared if spec and declared else ""

    def _not_deployed(self, found: ResourceDrift) -> ResourceDrift | None:
        is_created = self.declared is not None and self.declared.display_name is not None
        if not is_created or self.source.resources is None:
            return None
        return replace(found, condition=Condition.NOT_DEPLOYED, reason="no deployment has created it")

    def _undeclared(self, found: ResourceDrift) -> ResourceDrift | None:
        if self.source.spec is None or (self.deployed and not self.deployed.is_created):
            return None
        reason = "in the state and no longer in the stack files: the next `up` deletes it"
        return replace(found, condition=Condition.UNDECLARED, reason=reason)

    def _fields(self, live: Mapping[str, Any]) -> Iterator[FieldDrift]:
        if not live or self.declared is None:
            return
        name = live.get("displayName")
        if name != self._display_name():
            yield FieldDrift(("display_name",), self._display_name(), name)
        wanted = sorted(self.declared.entitlements)
        entitlements = sorted(str(each["value"]) for each in live.get("entitlements") or [] if each.get("value"))
        if wanted != entitlements:
            yield FieldDrift(("entitlements",), wanted or None, entitlements or None)

    def _live_secrets(self) -> Answer:
        if not self.deployed or oauth_secrets_path(self.deployed.id) not in _paths(self.deployed):
            return None
        return self.reader.read(oauth_secrets_path(self.deployed.id))

    def _secrets(self) -> Iterator[FieldDrift]:
        """The secrets of the state that can't be used any more."""
        answer = self._live_secrets()
        if self.deployed is None or not isinstance(answer, Mapping):
            return
        usable = {str(each["id"]) for each in answer.get("secrets") or [] if not _is_expired(each)}
        for resource, identity in self.deployed.secrets.items():
            if identity not in usable:
                generation = resource.rpartition("-")[2]
                note = "it was deleted, or has expired: callers that have it can't sign in"
                yield FieldDrift(_SECRET, f"generation {generation}", None, Origin.OUTSIDE, note)

    def _deliveries(self) -> Iterator[FieldDrift]:
        """The delivered keys that are gone, or that somebody else has written since."""
        for each in self.deployed.deliveries if self.deployed else ():
            answer = self.reader.read(keys_path(str(each["scope"])))
            if isinstance(answer, Unread):
                continue
            listed = (answer or {}).get("secrets") or []
            times = {str(one["key"]): str(one.get("last_updated_timestamp")) for one in listed}
            for name in _KEYS:
                key, written = str(each.get(name)), (each.get("written") or {}).get(name)
                place = f"{each['scope']}/{key}"
                if key not in times:
                    yield FieldDrift(_PLACE, place, None, Origin.OUTSIDE, "the delivered key is gone")
                elif written and times[key] != written:
                    note = "somebody else has written the key since it was delivered"
                    yield FieldDrift(_PLACE, place, place, Origin.OUTSIDE, note)

    def orphans(self) -> Iterator[Orphan]:
        """The usable secrets of a principal that the stack created, which its state does not have."""
        answer = self._live_secrets()
        if not self.deployed or not self.deployed.is_created or not isinstance(answer, Mapping):
            return
        for each in answer.get("secrets") or []:
            identity = str(each["id"])
            if identity not in self.deployed.secrets.values() and not _is_expired(each):
                yield Orphan(
                    OrphanKind.OAUTH_SECRET,
                    self.source.stack,
                    self.key,
                    identity,
                    "no deployment of this stack created it, and it can be used",
                    f"databricks service-principal-secrets-proxy delete {self.deployed.id} {identity}",
                    _seconds(each.get("create_time")),
                )

    def unread(self) -> Iterator[tuple[str, Unread]]:
        """What could not be read of its secrets and deliveries."""
        if isinstance(answer := self._live_secrets(), Unread):
            yield f'The OAuth secrets of service principal "{self.key}" can\'t be read: {answer}', answer
        for each in self.deployed.deliveries if self.deployed else ():
            if isinstance(answer := self.reader.read(keys_path(str(each["scope"]))), Unread):
                yield f'The keys of secret scope "{each["scope"]}" can\'t be read: {answer}', answer


def _is_expired(secret: Mapping[str, Any]) -> bool:
    expires = _seconds(secret.get("expire_time"))
    return expires is not None and expires < datetime.now().astimezone().timestamp()


def _seconds(time: Any) -> float | None:
    """An RFC 3339 time as a UNIX time."""
    return datetime.fromisoformat(str(time)).timestamp() if time else None


def delivered_keys(sources: Sequence[Source]) -> dict[str, set[str]]:
    """The keys that deliveries of these stacks write, by scope."""
    found: dict[str, set[str]] = {}
    for source in sources:
        for principal in source.deployed.principals.values():
            for each in principal.deliveries:
                found.setdefault(str(each["scope"]), set()).update(str(each.get(name)) for name in _KEYS)
    return found
