"""Somebody who changes endpoints by hand, at random, and what that makes of each in the words of a stack file.

The model is flat: a value by path for each endpoint. It knows nothing of the comparison under test.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import httpx

from model_serving.databricks.access_lists import access_list_path
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH, endpoint_path
from model_serving.operations.drift.report import Condition
from tests.http.conftest import FrozenWorkspace

Path = tuple[str, ...]
Values = dict[Path, Any]
Call = Callable[[str, str, Any], Any]

ALIAS: Final = "main.ml.fraud@Champion"
SEED: Final = {
    "groups": ["ml-engineers", "data-scientists"],
    "users": [{"user_name": "ann@example.com"}, {"user_name": "bob@example.com"}],
    "secret_scopes": {"serving": {"other": "a-value"}},
}
STACK: Final[dict[str, Any]] = {
    "default_tags": {"managed_by": "pulumi"},
    "endpoints": {
        "fraud": {
            "description": "Scores payments",
            "served_entities": {
                "champion": {
                    "entity": "main.ml.fraud",
                    "version": "7",
                    "workload_size": "Small",
                    "environment_vars": {"LEVEL": "info", "API_KEY": "{{secrets/serving/api-key}}"},
                },
                "challenger": {
                    "entity": "main.ml.fraud",
                    "version": "8",
                    "min_provisioned_concurrency": 4,
                    "max_provisioned_concurrency": 8,
                    "scale_to_zero": True,
                },
            },
            "traffic": {"champion": 90, "challenger": 10},
            "permissions": [
                {"group": "ml-engineers", "level": "CAN_MANAGE"},
                {"user": "ann@example.com", "level": "CAN_QUERY"},
            ],
            "tags": {"team": "risk"},
            "ai_gateway": {"rate_limits": [{"key": "endpoint", "calls": 100}], "usage_tracking": True},
            "email_notifications": {"on_update_failure": ["oncall@example.com"]},
            "telemetry_config": {"telemetry_profile_id": "profile-1"},
        },
        "iris": {
            "served_entities": {"current": {"entity": ALIAS, "workload_size": "Medium"}},
            "permissions": [],
        },
        "features": {
            "served_entities": {"spec": {"feature_spec": "main.ml.user_features", "workload_size": "Small"}},
        },
        "paused": {
            "route_optimized": True,
            "served_entities": {"one": {"entity": "main.ml.iris", "version": "2", "workload_size": "Small"}},
            "stopped": True,
        },
    },
}
MANAGED: Final = ("fraud", "iris")
"""The endpoints whose permissions are declared."""

ANY_ID: Final = ("any", "any")
"""Stands for the two ids of an endpoint that was created again."""

_SIZES: Final = ("Small", "Medium", "Large")
_PRINCIPALS: Final = ("group ml-engineers", "group data-scientists", "user ann@example.com", "user bob@example.com")
_LEVELS: Final = (None, "CAN_VIEW", "CAN_QUERY", "CAN_MANAGE")


@contextmanager
def connection(frozen: FrozenWorkspace) -> Iterator[Call]:
    """Calls as the administrator, through one connection."""
    headers = {"Authorization": f"Bearer {frozen.credentials.token}"}
    with httpx.Client(base_url=frozen.origin, headers=headers, verify=False) as http:  # noqa: S501  plain HTTP
        yield lambda method, path, body: http.request(method, path, json=body).raise_for_status().json()


def _declared(key: str) -> Values:
    """The values that the stack file declares of an endpoint."""
    fields = STACK["endpoints"][key]
    values: Values = {("tags", name): each for name, each in {"managed_by": "pulumi", **fields.get("tags", {})}.items()}
    for name, entity in fields["served_entities"].items():
        for part, each in entity.items():
            if part == "environment_vars":
                values |= {("served_entities", name, part, variable): text for variable, text in each.items()}
            else:
                values["served_entities", name, part] = each
    sole = dict.fromkeys(fields["served_entities"], 100)
    values["traffic",] = fields.get("traffic", sole)
    for each in fields.get("permissions", ()):
        kind = next(name for name in each if name != "level")
        values["permissions", f"{kind} {each[kind]}"] = each["level"]
    for name in ("description", "route_optimized", "stopped"):
        if name in fields:
            values[name,] = fields[name]
    for name in ("ai_gateway", "email_notifications", "telemetry_config"):
        values |= {(name, part): each for part, each in fields.get(name, {}).items()}
    if values.get(("served_entities", "current", "entity")) == ALIAS:
        values |= {("served_entities", "current", "entity"): "main.ml.fraud"}
    return values


@dataclass
class Hands:
    """Whoever changes what is live, and what is live now."""

    call: Call
    advance: Callable[[float], None]
    random: Random
    champion: str = "7"
    live: dict[str, Values | None] = field(default_factory=dict)
    """None where the endpoint is deleted."""
    recreated: set[str] = field(default_factory=set)
    extra: list[str] = field(default_factory=list)
    """The endpoints that were made by hand."""

    def __post_init__(self) -> None:
        self.live = {key: _declared(key) for key in STACK["endpoints"]}
        self.live["iris"] = {**_declared("iris"), ("served_entities", "current", "version"): "7"}

    def change(self) -> str:
        """Make one change, and say what it was."""
        key = self.random.choice([*self.live])
        values = self.live[key]
        if values is None:
            self._create_again(key)
            return f"{key} created again"
        changes: list[Callable[[str, Values], None]] = [
            self._entity,
            self._traffic,
            self._variables,
            self._tags,
            self._permissions,
            self._entities,
        ]
        changes += [self._gateway, self._emails, self._telemetry, self._stop, self._aliases, self._others]
        chosen = self.random.choice([*changes, *changes, self._delete])
        chosen(key, values)
        self.advance(61)
        return f"{key}: {chosen.__name__}"

    def _entity(self, key: str, values: Values) -> None:
        name = self.random.choice(_entities(values))
        place = ("served_entities", name)
        if (*place, "version") in values:
            values[*place, "version"] = str(self.random.randint(1, 3))
        if (*place, "workload_size") in values:
            values[*place, "workload_size"] = self.random.choice(_SIZES)
        else:
            values[*place, "max_provisioned_concurrency"] = self.random.choice([8, 12])
        values[*place, "scale_to_zero"] = self.random.random() < 0.5
        if key in ("fraud", "iris"):
            values[*place, "workload_type"] = self.random.choice([None, "GPU_SMALL"])
        self._put_config(key, values)

    def _traffic(self, key: str, values: Values) -> None:
        names = _entities(values)
        share = self.random.choice([0, 5, 10, 50]) if len(names) > 1 else 0
        values["traffic",] = {names[0]: 100 - share, **({names[1]: share} if share else {})}
        self._put_config(key, values)

    def _entities(self, key: str, values: Values) -> None:
        """Add an entity beside the others, or take one away."""
        names = _entities(values)
        if key == "features":
            return
        if len(names) == 1:
            place = ("served_entities", "by_hand")
            values |= {(*place, "entity"): "main.ml.iris", (*place, "version"): "1", (*place, "workload_size"): "Small"}
        else:
            gone = self.random.choice(names)
            for path in [path for path in values if path[:2] == ("served_entities", gone)]:
                del values[path]
        values["traffic",] = {_entities(values)[0]: 100}
        self._put_config(key, values)

    def _variables(self, key: str, values: Values) -> None:
        name = self.random.choice(_entities(values))
        if key == "features":
            return
        variable = ("served_entities", name, "environment_vars", self.random.choice(["LEVEL", "API_KEY", "camelCase"]))
        values[variable] = self.random.choice([None, "info", "debug", "{{secrets/serving/other}}"])
        self._put_config(key, values)

    def _tags(self, key: str, values: Values) -> None:
        tag = self.random.choice(["team", "managed_by", "cost center"])
        value = self.random.choice([None, "risk", "pulumi", "fraud"])
        values["tags", tag] = value
        body = {"delete_tags": [tag]} if value is None else {"add_tags": [{"key": tag, "value": value}]}
        self.call("PATCH", f"{endpoint_path(key)}/tags", body)

    def _permissions(self, key: str, values: Values) -> None:
        values["permissions", self.random.choice(_PRINCIPALS)] = self.random.choice(_LEVELS)
        self._put_permissions(key, values)

    def _gateway(self, key: str, values: Values) -> None:
        values["ai_gateway", "rate_limits"] = self.random.choice(
            [None, [{"key": "endpoint", "calls": 100}], [{"key": "user", "calls": 5}]]
        )
        values["ai_gateway", "usage_tracking"] = self.random.choice([None, True, False])
        self._put_gateway(key, values)

    def _emails(self, key: str, values: Values) -> None:
        for name in ("on_update_failure", "on_update_success"):
            values["email_notifications", name] = self.random.choice([None, ["oncall@example.com"], ["me@example.com"]])
        self._patch_emails(key, values)

    def _telemetry(self, key: str, values: Values) -> None:
        if key != "features":
            values["telemetry_config", "telemetry_profile_id"] = self.random.choice([None, "profile-1", "profile-2"])
            self._patch_telemetry(key, values)

    def _stop(self, key: str, values: Values) -> None:
        if key == "features":
            return
        values["stopped",] = not values.get(("stopped",))
        self.call("POST", f"{endpoint_path(key)}/config:{'stop' if values['stopped',] else 'start'}", None)

    def _aliases(self, _key: str, _values: Values) -> None:
        self.champion = str(self.random.randint(1, 9))
        path = "/api/2.1/unity-catalog/models/main.ml.fraud/aliases/Champion"
        self.call("PUT", path, {"version_num": int(self.champion)})

    def _others(self, _key: str, _values: Values) -> None:
        """Make an endpoint beside those of the stack, or delete one that was made so."""
        if self.extra and self.random.random() < 0.5:
            self.call("DELETE", endpoint_path(self.extra.pop()), None)
            return
        name = f"by-hand-{self.random.randint(1, 10**6)}"
        place, made = ("served_entities", "one"), {"entity": "main.ml.iris", "version": "1", "workload_size": "Small"}
        config = _config({(*place, part): each for part, each in made.items()})
        self.call("POST", ENDPOINTS_PATH, {"name": name, "config": config})
        self.extra.append(name)

    def _delete(self, key: str, _values: Values) -> None:
        self.call("DELETE", endpoint_path(key), None)
        self.live[key] = None

    def _create_again(self, key: str) -> None:
        """As it is declared, apart from its id."""
        values = _declared(key)
        if key == "iris":
            values["served_entities", "current", "version"] = self.champion
        body = {"name": key, "config": _config(values), "route_optimized": values.get(("route_optimized",), False)}
        body["tags"] = [{"key": path[1], "value": each} for path, each in values.items() if path[0] == "tags"]
        body["description"] = values.get(("description",), "")
        self.call("POST", ENDPOINTS_PATH, body)
        self.advance(61)
        self.live[key] = values
        self.recreated.add(key)
        self._put_permissions(key, values)
        self._put_gateway(key, values)
        self._patch_emails(key, values)
        if key != "features":
            self._patch_telemetry(key, values)
        if values.get(("stopped",)):
            self.call("POST", f"{endpoint_path(key)}/config:stop", None)

    def _put_config(self, key: str, values: Values) -> None:
        """A config update starts a stopped endpoint."""
        self.call("PUT", f"{endpoint_path(key)}/config", _config(values))
        values["stopped",] = False

    def _put_permissions(self, key: str, values: Values) -> None:
        identity = self.call("GET", endpoint_path(key), None)["id"]
        entries = [{"user_name": "admin@example.com", "permission_level": "CAN_MANAGE"}]
        for path, level in values.items():
            if path[0] == "permissions" and level:
                kind, name = path[1].split(" ")
                entries.append({f"{kind}_name": name, "permission_level": level})
        self.call("PUT", access_list_path(identity), {"access_control_list": entries})

    def _put_gateway(self, key: str, values: Values) -> None:
        limits = [{**each, "renewal_period": "minute"} for each in values.get(("ai_gateway", "rate_limits")) or []]
        body: dict[str, Any] = {"rate_limits": limits} if limits else {}
        if (tracking := values.get(("ai_gateway", "usage_tracking"))) is not None:
            body["usage_tracking_config"] = {"enabled": tracking}
        self.call("PUT", f"{endpoint_path(key)}/ai-gateway", body)

    def _patch_emails(self, key: str, values: Values) -> None:
        emails = {path[1]: each for path, each in values.items() if path[0] == "email_notifications" and each}
        self.call("PATCH", f"{endpoint_path(key)}/notifications", {"email_notifications": emails})

    def _patch_telemetry(self, key: str, values: Values) -> None:
        profile = values.get(("telemetry_config", "telemetry_profile_id"))
        body = {"telemetry_config": {"telemetry_profile_id": profile}} if profile else {}
        self.call("PATCH", f"{endpoint_path(key)}/telemetry-config", body)


def _entities(values: Values) -> list[str]:
    return list(dict.fromkeys(path[1] for path in values if path[0] == "served_entities"))


def _config(values: Values) -> dict[str, Any]:
    """The body of PUT config."""
    names = {"entity": "entity_name", "feature_spec": "entity_name", "version": "entity_version"}
    names |= {"scale_to_zero": "scale_to_zero_enabled"}
    entities = []
    for name in _entities(values):
        entity: dict[str, Any] = {"name": name, "scale_to_zero_enabled": False}
        for path, each in values.items():
            if path[:2] == ("served_entities", name) and each is not None:
                if path[2] == "environment_vars":
                    entity.setdefault("environment_vars", {})[path[3]] = each
                else:
                    entity[names.get(path[2], path[2])] = each
        entities.append(entity)
    shares = values.get(("traffic",)) or {entities[0]["name"]: 100}
    routes = [
        {"served_entity_name": each["name"], "traffic_percentage": shares.get(each["name"], 0)} for each in entities
    ]
    return {"served_entities": entities, "traffic_config": {"routes": routes}}


def expected(hands: Hands) -> dict[str, Any]:
    """What a comparison must find: the class and the fields of each endpoint that is not as declared."""
    found: dict[str, Any] = {}
    for key, live in hands.live.items():
        if live is None:
            found[key] = (Condition.MISSING, {})
            continue
        declared = _declared(key)
        if key == "iris":
            declared["served_entities", "current", "version"] = hands.champion
        fields = _differences(declared, live, is_managed=key in MANAGED)
        if key in hands.recreated:
            fields["id",] = ANY_ID
        is_stopped = bool(live.get(("stopped",))) and not declared.get(("stopped",))
        if fields:
            found[key] = (Condition.STOPPED if is_stopped else Condition.DRIFTED, fields)
    return found | {name: (Condition.MADE_BY_HAND, {}) for name in hands.extra}


def _differences(declared: Values, live: Values, *, is_managed: bool) -> dict[Path, tuple[Any, Any]]:
    found: dict[Path, tuple[Any, Any]] = {}
    ours, theirs = _entities(declared), _entities(live)
    for name in {*ours} ^ {*theirs}:
        found["served_entities", name] = (_entity(declared, name), _entity(live, name))
    for path in {*declared, *live}:
        then, now = declared.get(path) or None, live.get(path) or None
        if path[0] == "served_entities" and path[:2] in found:
            continue
        if then == now or (path[0] == "permissions" and not is_managed):
            continue
        if path[0] in ("stopped", "route_optimized") or path[-1] in ("usage_tracking", "scale_to_zero"):
            then, now = bool(then), bool(now)
        found[path] = (_masked(path, then), _masked(path, now))
    return _grouped(found, declared, live)


def _grouped(found: dict[Path, tuple[Any, Any]], declared: Values, live: Values) -> dict[Path, tuple[Any, Any]]:
    """A setting that one side doesn't have at all is one difference."""
    for name in ("ai_gateway", "email_notifications", "telemetry_config"):
        then, now = ({p[1]: v for p, v in each.items() if p[0] == name and v is not None} for each in (declared, live))
        if any(path[0] == name for path in found) and not (any(then.values()) and any(now.values())):
            found = {path: each for path, each in found.items() if path[0] != name}
            found[name,] = (then if any(then.values()) else None, now if any(now.values()) else None)
    return found


def _entity(values: Values, name: str) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for path, each in deepcopy(values).items():
        if path[:2] == ("served_entities", name) and each:
            if path[2] == "environment_vars":
                found.setdefault(path[2], {})[path[3]] = _masked(path, each)
            else:
                found[path[2]] = each
    return found or None


def _masked(path: Path, value: Any) -> Any:
    is_plaintext = "environment_vars" in path and isinstance(value, str) and not value.startswith("{{")
    return "[secret]" if is_plaintext else value
