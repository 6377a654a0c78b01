"""Random serving endpoints: the fields of a stack file, and the calls with which somebody makes them by hand."""

from collections.abc import Callable
from random import Random
from typing import Any, Final

from model_serving.components.endpoint_settings.wire import SETTINGS
from model_serving.components.from_spec import endpoint_args
from model_serving.components.inputs import EndpointInputs, endpoint_inputs
from model_serving.databricks.access_lists import access_list_path
from model_serving.databricks.naming import api_form
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH, endpoint_path
from model_serving.spec import Stack

Call = Callable[[str, str, Any], Any]
"""Method, path and body to the answer, as an administrator of the workspace."""

GROUPS: Final = ("ml-engineers", "data-scientists", "on call")
USERS: Final = ("ann@example.com", "Bob@Example.com")
SEED: Final = {
    "groups": list(GROUPS),
    "users": [{"user_name": user} for user in USERS],
    "feature_specs": ["main.ml.user_features", "main.ml.shop_features"],
    "registry_models": {"legacy-churn": {"versions": 4}},
}
"""What random endpoints need beside the workspace's default content."""

TEXTS: Final = (
    *("Scores payments", 'it\'s: "quoted" # no comment', "Ünïcode, 100 %", " spaces ", "two\nlines", "tab\t", "- item"),
    *("on", "null", "~", "7", "0x1F", "1e3", "1_000", "12:30:45", "2026-01-01", "{a: b}", "[1]", "*all", "&all"),
    *("%TAG", "@at", "`tick`", "😀", "\x7f and \x85", "a, b", "key:", "<<", "=", "true", "\\d", "!tag", "a]", "}"),
)
"""Texts that a YAML file has to quote, and others."""

_MODELS: Final = {"main.ml.fraud": 9, "main.ml.iris": 3, "main.ml.assistant": 2, "legacy-churn": 4}


def random_fields(random: Random, principals: tuple[str, ...] = (), *, is_small: bool = False) -> dict[str, Any]:
    """The fields of an endpoint, valid, in a stack file. `principals` are application ids.

    300 endpoints with `is_small` fit into a workspace's provisioned concurrency.
    """
    is_feature = random.random() < 0.2
    names = random.sample(["champion", "challenger", "v7", "shadow_2", "fraud-7", "null", "1"], random.randint(1, 4))
    entities = {name: _feature(random) if is_feature else _model(random, is_small=is_small) for name in names}
    shares = _shares(random, names)
    fields: dict[str, Any] = {"served_entities": entities}
    if len(names) > 1 or random.random() < 0.3:
        fields["traffic"] = shares
    chosen: dict[str, Callable[[], Any]] = {
        "description": lambda: random.choice(["Scores payments", 'it\'s: "quoted" # no comment', "Ünïcode, 100 %"]),
        "route_optimized": lambda: True,
        "permissions": lambda: _permissions(random, principals),
        "tags": lambda: {key: random.choice(["risk", "", *TEXTS]) for key in _some(random, _TAGS)},
        "ai_gateway": lambda: _gateway(random, principals),
        "auto_capture": lambda: _table(random),
        "email_notifications": lambda: _emails(random),
    }
    if not is_feature:
        chosen["telemetry_config"] = lambda: {
            "telemetry_profile_id": f"profile-{random.randint(1, 9)}",
            **random.choice([{}, {"inference_table_config": {"sampling_fraction": random.choice([0.5, 0.25])}}]),
        }
        chosen["stopped"] = lambda: random.random() < 0.3
    fields |= {name: value for name, make in chosen.items() if random.random() < 0.4 and (value := make())}
    return fields


def inputs_of(stack: Stack, key: str) -> EndpointInputs:
    """What the components would send for an endpoint of a stack."""
    return endpoint_inputs(endpoint_args(stack, key))


def make_endpoint(call: Call, name: str, inputs: EndpointInputs, settle: Callable[[], None] = lambda: None) -> str:
    """Make an endpoint of these inputs by the API, as no stack does, and return its id.

    `settle` waits until its deployment has ended.
    """
    body = api_form({each: value for each, value in inputs.model_serving.items() if each != "config"})
    endpoint_id = str(call("POST", ENDPOINTS_PATH, body | {"name": name, "config": _config(inputs)})["id"])
    settle()
    for setting, value in inputs.settings.items():
        wire = SETTINGS[setting]
        call(wire.method, f"{endpoint_path(name)}/{wire.path}", wire.body(api_form(value)))
    if inputs.access_controls:
        entries = [api_form(each) for each in inputs.access_controls]
        call("PATCH", access_list_path(endpoint_id), {"access_control_list": entries})
    return endpoint_id


def stop_endpoint(call: Call, name: str) -> None:
    call("POST", f"{endpoint_path(name)}/config:stop", None)


def _config(inputs: EndpointInputs) -> dict[str, Any]:
    config = inputs.model_serving["config"]
    entities = [
        # The names of variables are no names of fields.
        {**api_form({name: value for name, value in each.items() if name != "environmentVars"})}
        | ({"environment_vars": each["environmentVars"]} if "environmentVars" in each else {})
        for each in config["servedEntities"]
    ]
    return {**api_form(config), "served_entities": entities}


_TAGS: Final = ("team", "cost center", "managed_by", "on", "7")


def _model(random: Random, *, is_small: bool) -> dict[str, Any]:
    model = random.choice([*_MODELS])
    entity: dict[str, Any] = {"entity": model, "version": str(random.randint(1, _MODELS[model]))}
    if random.random() < 0.3:
        low, high = (0, 4) if is_small else sorted(random.sample([0, 4, 8, 12], 2))
        entity |= {"min_provisioned_concurrency": low, "max_provisioned_concurrency": high}
    else:
        entity["workload_size"] = "Small" if is_small else random.choice(["Small", "Medium", "Large"])
    if random.random() < 0.3:
        entity["workload_type"] = random.choice(["CPU", "GPU_SMALL", "GPU_XLARGE_8", "MULTIGPU_MEDIUM", "CPU_LARGE"])
    if random.random() < 0.5:
        entity["scale_to_zero"] = True
    if random.random() < 0.3:
        values = {
            "LEVEL": "info",
            "API_KEY": "{{secrets/serving/api-key}}",
            "camelCase": "true",
            "EMPTY": "",
            "N": random.choice(TEXTS),
        }
        entity["environment_vars"] = {name: values[name] for name in _some(random, tuple(values))}
    if random.random() < 0.1:
        entity["instance_profile_arn"] = "arn:aws:iam::123456789012:instance-profile/serving"
    return entity


def _feature(random: Random) -> dict[str, Any]:
    spec = random.choice(["main.ml.user_features", "main.ml.shop_features"])
    return {"feature_spec": spec, "workload_size": "Small", "scale_to_zero": random.random() < 0.5}


def _shares(random: Random, names: list[str]) -> dict[str, int]:
    """Percentages that sum to 100, in an order of their own."""
    cuts = sorted(random.randint(0, 100) for _ in names[1:])
    shares = [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]
    return dict(zip(random.sample(names, len(names)), shares, strict=True))


def _permissions(random: Random, principals: tuple[str, ...]) -> list[dict[str, str]]:
    everyone = [
        *(("group", name) for name in GROUPS),
        *(("user", name) for name in USERS),
        *(("service_principal", name) for name in principals),
    ]
    chosen = random.sample(everyone, random.randint(0, len(everyone)))
    return [{kind: name, "level": random.choice(["CAN_VIEW", "CAN_QUERY", "CAN_MANAGE"])} for kind, name in chosen]


def _gateway(random: Random, principals: tuple[str, ...]) -> dict[str, Any]:
    limits: list[dict[str, Any]] = [
        {"key": "endpoint", "calls": random.randint(0, 1000)},
        {"key": "user", "calls": 10},
        {"key": "user_group", "principal": "ml-engineers", "calls": 100},
        *({"key": "service_principal", "principal": each, "calls": 7} for each in principals),
    ]
    gateway: dict[str, Any] = {"rate_limits": random.sample(limits, random.randint(0, len(limits)))}
    if random.random() < 0.5:
        gateway["usage_tracking"] = random.random() < 0.7
    if random.random() < 0.5:
        gateway["inference_table"] = {**_table(random), "enabled": random.random() < 0.8}
    return gateway if gateway["rate_limits"] or len(gateway) > 1 else {}


def _table(random: Random) -> dict[str, Any]:
    return {"catalog_name": "main", "schema_name": "ml", "table_name_prefix": f"requests_{random.randint(1, 10**6)}"}


def _emails(random: Random) -> dict[str, Any]:
    return {name: ["ml@example.com"] for name in _some(random, ("on_update_success", "on_update_failure"))}


def _some(random: Random, values: tuple[str, ...]) -> list[str]:
    return random.sample(values, random.randint(1, len(values)))
