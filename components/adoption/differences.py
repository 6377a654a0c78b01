"""Where an endpoint is declared otherwise than it is live: its adoption is refused there. Nothing is read or sent.

After an import the engine compares the declared inputs with what the provider read, and sends the difference (pulumi
3.220.0, pkg/resource/deploy/step_generator.go, continueStepsFromImport). So what is declared must be what is live, in
the same order: the provider keeps entities and routes as lists.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from model_serving.components.args import ServingEndpointArgs
from model_serving.components.inputs import SETTINGS
from model_serving.databricks.access_lists import KINDS, AccessEntry, direct_entries
from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.secrets import is_plaintext, is_secret
from model_serving.spec.introspection import provider_path
from model_serving.spec.live_fields import live_fields
from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.stack import BaseEndpoint, Permission, ServedEntity

ABSENT: Final = object()
"""Stands for a value that one of the two sides doesn't have."""

_CPU: Final = "CPU"
_PROVISIONED: Final = ("min_provisioned_throughput", "max_provisioned_throughput", "provisioned_model_units")
_VARIABLES: Final = "environment_vars"
_NAME: Final = "name"
"""An endpoint is found by it."""


@dataclass(frozen=True)
class Difference:
    """A field below the endpoint, with the value that is declared and the one that is live; ABSENT for none."""

    path: FieldPath
    declared: Any
    live: Any
    words: str = ""
    """The message, where it is not about a value."""

    def problem(self, endpoint: FieldPath) -> Problem:
        """The difference as an error in the stack file at the endpoint's path, without values that may be secret."""
        hint = "Declare what is live, and change it in a later commit: an adoption writes nothing"
        hint += ". `default_tags: false` leaves out the tags of the whole stack" if self.path[0] == "tags" else ""
        return (*endpoint, *self.path), self._message, hint

    @property
    def _message(self) -> str:
        if self.words:
            return self.words
        if _VARIABLES in self.path or is_secret(self.declared):
            return "the live endpoint has another value" if self.live is not ABSENT else "the live endpoint has none"
        if self.live is ABSENT:
            return f"declared as {_shown(self.declared)}, and the live endpoint has none"
        if self.declared is ABSENT:
            return f"not declared, and the live endpoint has {_shown(self.live)}"
        return f"declared as {_shown(self.declared)}, and the live endpoint has {_shown(self.live)}"


def field_differences(args: ServingEndpointArgs, live: Mapping[str, Any]) -> list[Difference]:
    """Where inputs of `databricks.ModelServing` differ from the workspace's answer to GET of the endpoint.

    Aliases must be resolved. Settings that `EndpointSettings` writes are not compared.
    """
    return [*_differences(_declared(args), _live(live), ())]


def access_differences(
    permissions: Sequence[Permission], access: Mapping[str, Any], caller: str | None
) -> list[Difference]:
    """Where the declared permissions differ from the answer to GET of the access list.

    The provider's read leaves out what `caller`, whose credentials it has, may do itself. Source:
    terraform-provider-databricks, permissions/permission_definitions.go.
    """
    live = {entry for entry in direct_entries(access) if not (caller and entry.is_of(caller))}
    declared = {_entry(each): number for number, each in enumerate(permissions)}
    missing = [
        Difference(("permissions", number), entry, ABSENT, f"{entry} here, and not on the live endpoint")
        for entry, number in declared.items()
        if entry not in live
    ]
    more = sorted(live - declared.keys())
    return missing + [
        Difference(("permissions",), ABSENT, entry, f"{entry} on the live endpoint, and not here") for entry in more
    ]


def _entry(permission: Permission) -> AccessEntry:
    """As the workspace lists it. Names of users and service principals are in lower case there."""
    member = next(member for member, kind in KINDS.items() if kind.replace(" ", "_") == permission.kind)
    name = permission.principal if permission.kind == "group" else permission.principal.lower()
    return AccessEntry(member, name, permission.level)


def _declared(args: ServingEndpointArgs) -> dict[str, Any]:
    entities = {name: _entity(each) for name, each in args.served_entities.items()}
    return {**_fields(args, BaseEndpoint), "served_entities": entities, "traffic": dict(args.routes)}


def _live(live: Mapping[str, Any]) -> dict[str, Any]:
    found = live_fields(BaseEndpoint, live)
    entities = {name: _with_type(each) for name, each in (found.get("served_entities") or {}).items()}
    fields = BaseEndpoint.model_fields
    kept = {
        name: value for name, value in found.items() if name != _NAME and provider_path(fields[name])[0] not in SETTINGS
    }
    return {**kept, "served_entities": entities, "traffic": found.get("traffic") or {}}


def _entity(entity: ServedEntity) -> dict[str, Any]:
    return _with_type(_fields(entity, ServedEntity))


def _with_type(fields: Mapping[str, Any]) -> dict[str, Any]:
    """With CPU where an entity of a model names no type: components send it, and the service may leave it out."""
    if fields.keys() & {*_PROVISIONED, "external_model"}:
        return dict(fields)
    return {"workload_type": _CPU, **fields}


def _fields(model: Model, kind: type[Model]) -> dict[str, Any]:
    """The values that a component sends to `databricks.ModelServing`, without those that are the default."""
    found: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        value = getattr(model, name)
        if (
            field.exclude
            or provider_path(field)[0] in SETTINGS
            or value == field.get_default(call_default_factory=True, validated_data={})
        ):
            continue
        found[name] = _fields(value, type(value)) if isinstance(value, Model) else value
    return {name: value for name, value in found.items() if name != _NAME}


def _differences(declared: Any, live: Any, path: FieldPath) -> Iterator[Difference]:
    if isinstance(declared, Mapping) and isinstance(live, Mapping):
        for key in dict.fromkeys([*declared, *live]):
            yield from _differences(declared.get(key, ABSENT), live.get(key, ABSENT), (*path, key))
        if path in _ORDERED and declared.keys() == live.keys() and [*declared] != [*live]:
            yield Difference(path, declared, live, f"the live endpoint has them in this order: {', '.join(live)}")
    elif not _is_same(declared, live):
        yield Difference(path, declared, live)


_ORDERED: Final = (("served_entities",), ("traffic",))


def _is_same(declared: Any, live: Any) -> bool:
    if ABSENT in (declared, live) or not isinstance(live, str):
        return bool(declared == live)
    text = declared.reveal() if is_secret(declared) and declared.known else declared
    return str(text) == live


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_shown(each)}" for name, each in value.items() if name != _VARIABLES) or "some"
    return f'"{value}"' if is_plaintext(value) else str(value).lower() if isinstance(value, bool) else str(value)
