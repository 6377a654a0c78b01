"""What must hold between fields of a stack, beyond each field's own type.

Each rule yields (path, message, hint) for what it finds; the loader gives them their place.
"""

import re
from collections.abc import Iterator

from stacks.spec import Endpoint, ServedEntity, Stack
from stacks.values import SECRET_REFERENCE, UNITY_CATALOG_NAME
from stacks.yaml_places import Path_

Finding = tuple[Path_, str, str]

_APPLICATION_ID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)
_NAME_LIMIT = 63
_TOTAL = 100


def findings(stack: Stack) -> Iterator[Finding]:
    """Everything that is wrong between the fields of a stack."""
    for key, endpoint in stack.endpoints.items():
        path: Path_ = ("endpoints", key)
        yield from _name(stack, key, endpoint, path)
        yield from _declared_principals(stack, endpoint, (*path, "permissions"))
        yield from endpoint_findings(endpoint, path)
    yield from _one_endpoint_a_name(stack)


def endpoint_findings(endpoint: Endpoint, path: Path_) -> Iterator[Finding]:
    """What is wrong with one endpoint by itself, whatever the stack around it."""
    yield from _traffic(endpoint, (*path, "traffic"))
    yield from _permissions(endpoint, (*path, "permissions"))
    for name, entity in endpoint.served_entities.items():
        yield from _entity(entity, (*path, "served_entities", name))


def endpoint_name(stack: Stack, key: str) -> str:
    """The endpoint's name in the workspace."""
    return stack.name_prefix + (stack.endpoints[key].name or key)


def _name(stack: Stack, key: str, endpoint: Endpoint, path: Path_) -> Iterator[Finding]:
    name = endpoint_name(stack, key)
    if not re.fullmatch(r"[a-zA-Z0-9]([a-zA-Z0-9_-]*[a-zA-Z0-9])?", name) or len(name) > _NAME_LIMIT:
        where = (*path, "name") if endpoint.name else path
        message = f'"{name}" can\'t name an endpoint, it takes 1 to 63 letters, digits, - and _'
        yield where, message, "Set `name`, or choose another key or `name_prefix`"


def _one_endpoint_a_name(stack: Stack) -> Iterator[Finding]:
    owners: dict[str, str] = {}
    for key in stack.endpoints:
        name = endpoint_name(stack, key)
        if name in owners:
            yield (
                ("endpoints", key),
                f'"{name}" is already the name of endpoint "{owners[name]}"',
                "Give one another name",
            )
        owners.setdefault(name, key)


def _traffic(endpoint: Endpoint, path: Path_) -> Iterator[Finding]:
    names = ", ".join(endpoint.served_entities)
    for name in endpoint.traffic:
        if name not in endpoint.served_entities:
            yield (*path, name), f'no served entity is called "{name}"', f"Served entities here: {names}"
    if not endpoint.routes:
        message = f"several served entities ({names}) and no traffic between them"
        yield path, message, "Write a percentage for each, 100 in all; 0 keeps an entity deployed as a fallback"
    elif (total := sum(endpoint.routes.values())) != _TOTAL:
        yield path, f"sums to {total}, must be 100", "Change the percentages so that they add up to 100"


def _permissions(endpoint: Endpoint, path: Path_) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for n, permission in enumerate(endpoint.permissions):
        where = (*path, n)
        if len(permission.kinds) != 1:
            found = " and ".join(permission.kinds) or "none of them"
            yield where, f"exactly one of service_principal, user and group; found {found}", "Write one entry for each"
            continue
        kind, name = permission.kind, permission.principal
        if (kind, name) in seen:
            yield where, f'{kind} "{name}" has two entries', "Keep the one with the level that is meant"
        seen.add((kind, name))
        if kind == "group" and name == "admins":
            message = "workspace administrators always manage every endpoint; their permission can't be set"
            yield (*where, kind), message, "Leave this entry out"


def _declared_principals(stack: Stack, endpoint: Endpoint, path: Path_) -> Iterator[Finding]:
    declared = ", ".join(stack.service_principals) or "none"
    for n, permission in enumerate(endpoint.permissions):
        name = permission.service_principal
        if name and name not in stack.service_principals and not _APPLICATION_ID.match(name):
            message = f'"{name}" is neither a service principal of this stack nor an application id'
            yield (*path, n, "service_principal"), message, f"Declared under service_principals: {declared}"


def _entity(entity: ServedEntity, path: Path_) -> Iterator[Finding]:
    kinds = [kind for kind in ("entity", "feature_spec", "external_model") if getattr(entity, kind) is not None]
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none of them"
        yield (
            path,
            f"exactly one of entity, feature_spec and external_model; found {found}",
            "Keep the one that is served",
        )
        return
    yield from _version(entity, path)
    yield from _size(entity, path)
    for name, value in entity.environment_vars.items():
        if "{{" in value and not SECRET_REFERENCE.match(value):
            message = f'"{value}" looks like a secret reference and is none'
            yield (*path, "environment_vars", name), message, "Write it whole, as {{secrets/scope/key}}"


def _version(entity: ServedEntity, path: Path_) -> Iterator[Finding]:
    if entity.feature_spec is not None:
        if entity.version is not None:
            yield (*path, "version"), "a feature spec has no version", "Leave `version` out"
        if not UNITY_CATALOG_NAME.match(entity.feature_spec):
            message = f'"{entity.feature_spec}" is not the full name of a feature spec'
            yield (*path, "feature_spec"), message, "Write it as catalog.schema.name"
    elif entity.entity is not None:
        if entity.alias and entity.version:
            message = f'an alias (@{entity.alias}) and version "{entity.version}" both choose the version'
            yield (*path, "version"), message, "Keep one of the two"
        if "@" in entity.entity and not entity.alias:
            yield (*path, "entity"), f'"{entity.entity}" ends where its alias should stand', "Write model@Alias"
        if not entity.alias and not entity.version and not _pay_per_token(entity):
            message = f'no version of model "{entity.entity}" is chosen'
            hint = f'Write `version: "1"`, or an alias as in {entity.entity}@Champion; a feature spec is'
            yield (*path, "entity"), message, f"{hint} written `feature_spec: {entity.entity}`"


def _pay_per_token(entity: ServedEntity) -> bool:
    """Databricks' own models are served from system.ai and need no version; policies/ refuses them."""
    return entity.model_name.startswith("system.ai.")


def _size(entity: ServedEntity, path: Path_) -> Iterator[Finding]:
    low, high = entity.min_provisioned_concurrency, entity.max_provisioned_concurrency
    ranged = low is not None or high is not None
    if ranged and entity.workload_size:
        message = "workload_size and a provisioned concurrency range both choose the size"
        yield (*path, "workload_size"), message, "Keep one of the two"
    if (low is None) != (high is None):
        yield (
            path,
            "one end of the provisioned concurrency range is missing",
            "Write min_ and max_provisioned_concurrency",
        )
    if low is not None and high is not None and low > high:
        message = f"min_provisioned_concurrency is {low}, more than the maximum of {high}"
        yield (*path, "min_provisioned_concurrency"), message, "Exchange the two"
