"""Scale to zero: an entity that nobody asked for a while has no replicas left, and the next query waits for one.

Source: product documentation, scale to zero: after half an hour; the first request then waits for a cold start.
Captures of the service: such an entity stays READY with the message "Scaled to zero".
"""

from model_serving.workspace.settings import Settings
from model_serving.workspace.store.database import Json, Store


def is_cold(store: Store, settings: Settings, endpoint: Json, entity: Json, now: float) -> bool:
    if not entity.get("scale_to_zero_enabled"):
        return False
    asked, _ = _kept(store, endpoint, entity)
    return bool(now - max(asked, endpoint["ready_at"]) > settings.idle_after)


def wake(store: Store, settings: Settings, endpoint: Json, entity: Json, now: float) -> float:
    """Notes a query; answers with the seconds until there is a replica to answer it."""
    if not entity.get("scale_to_zero_enabled"):
        return 0.0
    _, warm_at = _kept(store, endpoint, entity)
    if is_cold(store, settings, endpoint, entity, now):
        warm_at = now + settings.cold_start
    kept = store.get("warmth", endpoint["id"]) or {}
    store.put("warmth", endpoint["id"], kept | {entity["name"]: [now, warm_at]})
    return max(0.0, warm_at - now)


def _kept(store: Store, endpoint: Json, entity: Json) -> tuple[float, float]:
    """When it was asked last, and since when it is awake."""
    asked, warm_at = (store.get("warmth", endpoint["id"]) or {}).get(entity["name"], (0.0, 0.0))
    return asked, warm_at
