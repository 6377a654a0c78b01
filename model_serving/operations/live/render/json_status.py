"""A status as JSON. Names are stable: docs/operations.md describes them."""

from dataclasses import asdict
from typing import Any

from model_serving.databricks.metrics.figures import Figures
from model_serving.measures import utc_text
from model_serving.operations.live.status import Deployment, EndpointStatus, EntityStatus, StackStatus


def json_status(status: StackStatus) -> dict[str, Any]:
    """The status of a stack. Times are ISO 8601 in UTC."""
    return {
        "stack": status.stack,
        "host": status.host,
        "time": utc_text(status.time),
        "exit_status": status.exit_status,
        "endpoints": [_endpoint(each) for each in status.endpoints],
        "notes": list(status.notes),
        "totals": dict(status.totals),
    }


def _endpoint(status: EndpointStatus) -> dict[str, Any]:
    traffic = status.traffic
    return {
        "key": status.key,
        "name": status.name,
        "state": status.state.value,
        "serves": status.serves.value,
        "reason": status.reason,
        "updating_since": utc_text(status.since),
        "entities": [_entity(each, status) for each in status.entities],
        "config_version": status.config_version,
        "pending_config_version": status.pending_config_version,
        "declared": status.is_declared,
        "drift": list(status.drift),
        "id": status.id,
        "creator": status.creator,
        "url": status.url,
        "route_optimized": status.route_optimized,
        "permission_level": status.permission_level,
        "read_from": status.source.value,
        "figures": _figures(traffic.whole if traffic else None),
        "figures_until": utc_text(traffic.window_end if traffic else None),
        **status.extras,
    }


def _entity(entity: EntityStatus, status: EndpointStatus) -> dict[str, Any]:
    return {
        "name": entity.name,
        "active": _deployment(entity.active),
        "pending": _deployment(entity.pending),
        "traffic": entity.traffic,
        "pending_traffic": entity.pending_traffic,
        "declared_traffic": entity.declared_traffic,
        "build_log": list(entity.log),
        "figures": _figures(status.traffic.by_entity.get(entity.name) if status.traffic else None),
    }


def _deployment(deployment: Deployment | None) -> dict[str, Any] | None:
    return asdict(deployment) if deployment else None


def _figures(figures: Figures | None) -> dict[str, Any] | None:
    if figures is None:
        return None
    names = ("requests", "seconds", "requests_per_second", "error_rate", "p50_ms", "p95_ms", "p99_ms")
    return {name: getattr(figures, name) for name in names}
