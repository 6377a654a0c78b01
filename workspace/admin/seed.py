"""Seeds: the initial content of a workspace, from a YAML file or a request to `/_workspace/seed`.

Every part of a seed is optional:

    models:                        # Unity Catalog; catalogs and schemas are created as needed
      main.ml.fraud:
        versions: 9                # versions 1 to 9, or a mapping:
      main.ml.churn:
        versions:
          1:
          2: {status: PENDING_REGISTRATION}       # can't be deployed yet
          3: {fails: "pip could not resolve numpy"}  # its deployments end with UPDATE_FAILED, by default in the build;
                                         # {fails: {phase: start, reason: "..."}} in another phase: fetch, build, start
        aliases: {Champion: 1}
        answers: {latency: 200ms}      # slow, failing or wrong on purpose: workspace/dataplane/faulty_models.py
      main.ml.iris:
        scored_by: models/iris.py      # a Python file or an MLflow model folder (workspace/dataplane/scoring.py)
        versions: {1: , 2: {scored_by: models/iris-2}}   # for one version. Paths are relative to the seed file
    registry_models:               # the workspace model registry; the same format, without aliases
      legacy-churn: {versions: 2}
    feature_specs: [main.ml.user_features]
    tables: [main.ml.payments]     # empty tables, to grant privileges on
    groups: [ml-engineers]
    users:
      - {user_name: ann@example.com, groups: [ml-engineers]}
    secret_scopes:
      serving: {api-key: a-value}
    warehouses:                    # for SQL statements, by id; `starts_in` seconds after the first statement it runs
      0123456789abcdef: {name: Shared, starts_in: 3}
    grants:
      - {securable: function, name: main.ml.fraud, principal: ml-engineers, privileges: [EXECUTE]}

A seed adds missing objects and updates existing ones. It deletes nothing.
"""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from model_serving.workspace.admin import requests
from model_serving.workspace.catalog import registered_models, workspace_registry
from model_serving.workspace.dataplane.faulty_models import AnswersError, set_answers
from model_serving.workspace.dataplane.scoring import ModelError, load
from model_serving.workspace.http.auth import require_admin
from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import DoesNotExist, InvalidParameter, ScimError
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.identity.principals import group_named
from model_serving.workspace.identity.scim import new_group, new_user
from model_serving.workspace.serving.build_phases import FAILS_AT
from model_serving.workspace.sql.warehouses import new_warehouse
from model_serving.workspace.store.clock import Clock, milliseconds
from model_serving.workspace.store.database import Json, Store

OWNER: Final = "admin@example.com"
PARTS: Final = (
    "models",
    "registry_models",
    "feature_specs",
    "tables",
    "groups",
    "users",
    "secret_scopes",
    "warehouses",
    "grants",
)
DEFAULT: Final[Json] = {
    "models": {
        "main.ml.fraud": {"versions": 9, "aliases": {"Champion": 7}},
        "main.ml.iris": {"versions": 3, "aliases": {"Champion": 2}, "scored_by": "models/iris.py"},
        "main.ml.assistant": {"versions": 2, "aliases": {"Champion": 1}, "scored_by": "models/assistant.py"},
    },
    "feature_specs": ["main.ml.user_features"],
    "tables": ["main.ml.payments"],
    "groups": ["ml-engineers"],
    "secret_scopes": {"serving": {"api-key": "example-value"}},
    "warehouses": {"0123456789abcdef": {}},
}


class SeedError(Exception):
    """An invalid seed."""


@accepts(requests.Seed)
def seed_by_request(call: Call) -> Json:
    require_admin(call.access, "seed the workspace")
    try:
        apply_seed(call.store, call.clock, call.body)
    except SeedError as error:
        raise InvalidParameter(str(error)) from error
    return {}


@accepts(requests.ModelAnswers)
def set_answers_by_request(call: Call) -> Json:
    """Makes a model, or one `version` of it, slow, failing or wrong from now on; without a description it is not."""
    require_admin(call.access, "change how models answer")
    name, described = call.path["name"], {member: value for member, value in call.body.items() if value is not None}
    version = described.pop("version", None)
    if call.store.get("model", name) is None:
        raise DoesNotExist(f"Model '{name}' does not exist.")
    try:
        set_answers(call.store, f"{name}/{version}" if version else name, described)
    except AnswersError as error:
        raise InvalidParameter(str(error)) from error
    return {}


def apply_seed(store: Store, clock: Clock, seed: Json) -> None:
    """Adds the objects of a seed, or none of them: raises SeedError if a part is invalid."""
    if unknown := set(seed) - set(PARTS):
        raise SeedError(f"Unknown part '{min(unknown)}' in the seed, allowed: {', '.join(PARTS)}")
    try:
        with store.atomic():
            _seed_catalog(store, clock.now(), seed)
            _seed_identities(store, seed)
            _seed_secrets(store, clock.now(), seed.get("secret_scopes") or {})
            for warehouse, spec in (seed.get("warehouses") or {}).items():
                store.put("warehouse", str(warehouse), new_warehouse(str(warehouse), spec or {}))
            for grant in seed.get("grants") or []:
                _seed_grant(store, grant)
    except AnswersError as error:
        raise SeedError(str(error)) from error
    except (AttributeError, KeyError, TypeError, ValueError, ScimError) as error:
        raise SeedError(f"The seed does not have the expected shape: {type(error).__name__}: {error}") from error


def _seed_catalog(store: Store, now: float, seed: Json) -> None:
    for name, spec in (seed.get("models") or {}).items():
        _seed_model(store, now, name, spec or {})
    for name, spec in (seed.get("registry_models") or {}).items():
        model = store.get("registry_model", name) or workspace_registry.new_model(name, name, milliseconds(now))
        store.put("registry_model", name, model)
        for number, version in _versions(spec or {}):
            new = workspace_registry.new_version(model, number, version.get("status", "READY"), version.get("fails"))
            store.put("registry_version", f"{name}/{number}", new)
    for part, kind in (("feature_specs", "feature_spec"), ("tables", "uc_table")):
        for name in seed.get(part) or []:
            place = _seed_schema(store, name)
            store.put(kind, name, place | {"name": name.split(".")[2], "full_name": name, "owner": OWNER})


def _seed_model(store: Store, now: float, name: str, spec: Json) -> None:
    _seed_schema(store, name)
    model = store.get("model", name) or registered_models.new_model(store, name, OWNER, now)
    set_scorer(store, name, spec.get("scored_by"))
    set_answers(store, name, spec.get("answers"))
    for number, version in _versions(spec):
        set_scorer(store, f"{name}/{number}", version.get("scored_by"))
        set_answers(store, f"{name}/{number}", version.get("answers"))
        new = registered_models.new_version(
            model, number, now, status=version.get("status", "READY"), fails=version.get("fails")
        )
        store.put("model_version", f"{name}/{number}", new)
    aliases = {alias["alias_name"]: alias["version_num"] for alias in model["aliases"]}
    aliases |= {alias: int(number) for alias, number in (spec.get("aliases") or {}).items()}
    listed = [{"alias_name": alias, "version_num": number} for alias, number in aliases.items()]
    store.put("model", name, model | {"aliases": listed})


def set_scorer(store: Store, model: str, path: str | None) -> None:
    """Sets the scorer of a model, or of `model/version`. Raises SeedError if it can't be loaded."""
    if path is None:
        return
    try:
        load(Path(path))
    except ModelError as error:
        raise SeedError(f"{model}: {error}") from error
    store.put("scorer", model, {"path": path})


def with_absolute_paths(folder: Path, seed: Json) -> Json:
    """The seed with absolute paths for its models, which are relative to the seed file's folder."""

    def absolute(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {
            member: str(folder / inner) if member == "scored_by" else absolute(inner) for member, inner in value.items()
        }

    return absolute(seed) if isinstance(seed.get("models"), dict) else seed


def _versions(spec: Json) -> Iterator[tuple[int, Json]]:
    versions: Any = spec.get("versions", 1)
    if isinstance(versions, int):
        versions = dict.fromkeys(range(1, versions + 1))
    for number, version in versions.items():
        fails = (version or {}).get("fails")
        if isinstance(fails, dict) and fails.get("phase") not in FAILS_AT:
            raise SeedError(
                f"Version {number} can't fail in phase '{fails.get('phase')}', allowed: {', '.join(FAILS_AT)}"
            )
        yield int(number), version or {}


def _seed_schema(store: Store, full_name: str) -> Json:
    catalog_name, schema_name, _ = full_name.split(".")
    shared = {"owner": OWNER, "metastore_id": registered_models.METASTORE, "catalog_name": catalog_name}
    store.put("catalog", catalog_name, shared | {"name": catalog_name, "catalog_type": "MANAGED_CATALOG"})
    schema = f"{catalog_name}.{schema_name}"
    store.put("schema", schema, shared | {"name": schema_name, "full_name": schema})
    return {"catalog_name": catalog_name, "schema_name": schema_name}


def _seed_identities(store: Store, seed: Json) -> None:
    for name in seed.get("groups") or []:
        _group(store, name)
    for spec in seed.get("users") or []:
        name = spec["user_name"]
        user = store.find("user", "userName", name) or new_user(store, {"userName": name})
        store.put("user", user["id"], user)
        for group in spec.get("groups") or []:
            join(store, group, user["id"])


def join(store: Store, group_name: str, member_id: str) -> None:
    """Adds a principal to a group, which is created if it is missing."""
    group = _group(store, group_name)
    if all(member["value"] != member_id for member in group["members"]):
        store.put("group", group["id"], group | {"members": [*group["members"], {"value": member_id}]})


def _group(store: Store, name: str) -> Json:
    group = group_named(store, name) or new_group(store, {"displayName": name})
    return store.put("group", group["id"], group)


def _seed_secrets(store: Store, now: float, scopes: Json) -> None:
    for scope, secrets in scopes.items():
        store.put("secret_scope", scope, store.get("secret_scope", scope) or {"name": scope, "acls": {OWNER: "MANAGE"}})
        for key, value in (secrets or {}).items():
            encoded = base64.b64encode(str(value).encode()).decode()
            body = {"scope": scope, "key": key, "value": encoded, "last_updated_timestamp": milliseconds(now)}
            store.put("secret", f"{scope}/{key}", body)


def _seed_grant(store: Store, grant: Json) -> None:
    place = f"{grant['securable']}/{grant['name']}"
    record = store.get("grant", place) or {"privilege_assignments": []}
    granted = {entry["principal"]: entry["privileges"] for entry in record["privilege_assignments"]}
    granted[grant["principal"]] = sorted({*granted.get(grant["principal"], []), *grant["privileges"]})
    assignments = [{"principal": principal, "privileges": privileges} for principal, privileges in granted.items()]
    store.put("grant", place, {"privilege_assignments": assignments})
