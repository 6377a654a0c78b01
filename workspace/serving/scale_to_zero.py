"""Scale to zero: an idle entity has no replicas, and its next query waits for a cold start.

Source: product documentation, scale to zero: after 30 minutes without a query. Captures of the service: such an entity
stays READY with the message "Scaled to zero".
"""

from typing import Final

from model_serving.workspace.settings import Settings
from model_serving.workspace.store.database import Json, Store

SCALED_TO_ZERO: Final = "Scaled to zero"


def is_cold(store: Store, settings: Settings, endpoint: Json, entity: Json, now: float) -> bool:
    return cold_since(store, settings, endpoint, entity, now) is not None


def cold_since(store: Store, settings: Settings, endpoint: Json, entity: Json, now: float) -> float | None:
    """When the entity scaled to zero; None if it has replicas."""
    if not entity.get("scale_to_zero_enabled"):
        return None
    last_query, _ = _activity(store, endpoint, entity)
    since = float(max(last_query, endpoint["ready_at"]) + settings.idle_after)
    return since if now > since else None


def wake(store: Store, settings: Settings, endpoint: Json, entity: Json, now: float) -> float:
    """Records a query, and returns the seconds until a replica can answer it."""
    if not entity.get("scale_to_zero_enabled"):
        return 0.0
    _, warm_at = _activity(store, endpoint, entity)
    if is_cold(store, settings, endpoint, entity, now):
        warm_at = now + settings.cold_start
    activity = store.get("scale_to_zero", endpoint["id"]) or {}
    store.put("scale_to_zero", endpoint["id"], activity | {entity["name"]: [now, warm_at]})
    return max(0.0, warm_at - now)


def _activity(store: Store, endpoint: Json, entity: Json) -> tuple[float, float]:
    """The times of the last query and of the end of the last cold start."""
    last_query, warm_at = (store.get("scale_to_zero", endpoint["id"]) or {}).get(entity["name"], (0.0, 0.0))
    return last_query, warm_at
