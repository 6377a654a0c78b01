"""One field each: an endpoint that has it, has it otherwise, and no longer has it, in the words of a stack file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MODEL = {"entity": "main.ml.iris", "version": "2", "workload_size": "Small"}
SIZELESS = {"entity": "main.ml.iris", "version": "2"}


@dataclass(frozen=True)
class Case:
    """What the contract's row at `path` is tried with. Each of the three is laid over the endpoint of one entity."""

    path: str
    first: Mapping[str, Any]
    second: Mapping[str, Any]
    without: Mapping[str, Any] | None

    @property
    def endpoint(self) -> str:
        """The name of the endpoint that this field is tried on."""
        return "-".join(part for part in self.path.split(".") if part != "*")


def served(**fields: Any) -> dict[str, Any]:
    return {"served_entities": {"current": MODEL | fields}}


def ranged(low: int, high: int) -> dict[str, Any]:
    return {
        "served_entities": {
            "current": SIZELESS | {"min_provisioned_concurrency": low, "max_provisioned_concurrency": high}
        }
    }


def captured(**fields: Any) -> dict[str, Any]:
    return {"auto_capture": {"catalog_name": "main", "schema_name": "ml", "table_name_prefix": "kept", **fields}}


def split(champion: int) -> dict[str, Any]:
    return {
        "served_entities": {"champion": MODEL, "challenger": MODEL | {"version": "1"}},
        "traffic": {"champion": champion, "challenger": 100 - champion},
    }


def named(name: str) -> dict[str, Any]:
    return {"served_entities": {name: MODEL}}


ENTITY = "config.servedEntities.*"
IN_PLACE = (
    Case("tags.*", {"tags": {"team": "risk"}}, {"tags": {"team": "fraud"}}, {}),
    Case("config.trafficConfig.routes.*", split(90), split(50), None),
    Case(f"{ENTITY}.name", named("one"), named("two"), None),
    Case(f"{ENTITY}.entityName", served(entity="main.ml.fraud"), served(entity="main.ml.iris"), None),
    Case(f"{ENTITY}.entityVersion", served(version="1"), served(version="3"), None),
    Case(
        f"{ENTITY}.workloadSize", served(), served(workload_size="Medium"), {"served_entities": {"current": SIZELESS}}
    ),
    Case(f"{ENTITY}.workloadType", served(workload_type="GPU_SMALL"), served(workload_type="GPU_MEDIUM"), served()),
    Case(f"{ENTITY}.scaleToZeroEnabled", served(scale_to_zero=True), served(scale_to_zero=False), None),
    Case(f"{ENTITY}.minProvisionedConcurrency", ranged(4, 16), ranged(8, 16), served()),
    Case(f"{ENTITY}.maxProvisionedConcurrency", ranged(4, 16), ranged(4, 32), served()),
    Case(
        f"{ENTITY}.environmentVars", served(environment_vars={"A": "1"}), served(environment_vars={"A": "2"}), served()
    ),
    Case(
        f"{ENTITY}.instanceProfileArn",
        served(instance_profile_arn="arn:aws:iam::1:instance-profile/one"),
        served(instance_profile_arn="arn:aws:iam::1:instance-profile/two"),
        served(),
    ),
    Case(
        "aiGateway",
        {"ai_gateway": {"usage_tracking": True, "rate_limits": [{"key": "user", "calls": 5}]}},
        {"ai_gateway": {"usage_tracking": True, "rate_limits": [{"key": "user", "calls": 6}]}},
        {},
    ),
    Case(
        "emailNotifications",
        {"email_notifications": {"on_update_failure": ["one@example.com"]}},
        {"email_notifications": {"on_update_failure": ["two@example.com"], "on_update_success": ["one@example.com"]}},
        {},
    ),
    Case(
        "telemetryConfig",
        {"telemetry_config": {"telemetry_profile_id": "one"}},
        {
            "telemetry_config": {
                "table_names": {"logs_table": "main.ml.logs"},
                "inference_table_config": {"sampling_fraction": 0.5},
            }
        },
        {},
    ),
)
"""Fields that this project's components write in place."""

NOT_IN_PLACE = (
    Case("description", {"description": "one"}, {"description": "two"}, {}),
    Case("budgetPolicyId", {"budget_policy_id": "one"}, {"budget_policy_id": "two"}, {}),
    Case("routeOptimized", {"route_optimized": True}, {"route_optimized": False}, None),
    Case("config.autoCaptureConfig", captured(), captured(), {}),
    Case("config.autoCaptureConfig.catalogName", captured(), captured(catalog_name="other"), None),
    Case("config.autoCaptureConfig.schemaName", captured(), captured(schema_name="other"), None),
    Case("config.autoCaptureConfig.tableNamePrefix", captured(), captured(table_name_prefix="other"), None),
)
"""Fields that they refuse to change."""

UNSENT = Case(f"{ENTITY}.burstScalingEnabled", served(), served(burst_scaling=True), served())
"""What this project's components never send, and the provider sends at every run."""

NEVER_FALSE = Case("config.autoCaptureConfig.enabled", captured(enabled=True), captured(enabled=False), None)
"""What no stack file may say, because the provider can't send it."""
