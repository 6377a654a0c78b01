"""SQL warehouses. A statement starts one that is stopped, and waits for it.

Everybody may use them: the embedded workspace has no CAN_USE. Source: REST reference, SQL warehouses.
"""

from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import DoesNotExist, InvalidParameter
from model_serving.workspace.store.database import Json, Store


def list_all(call: Call) -> Json:
    return {"warehouses": [_view(call, warehouse) for warehouse in call.store.all("warehouse")]}


def get(call: Call) -> Json:
    warehouse = call.store.get("warehouse", call.path["warehouse_id"])
    if warehouse is None:
        raise DoesNotExist(f"SQL warehouse {call.path['warehouse_id']} does not exist.")
    return _view(call, warehouse)


def new_warehouse(warehouse_id: str, spec: Json) -> Json:
    """A warehouse that takes `starts_in` seconds to start; by default it runs already."""
    return {
        "id": warehouse_id,
        "name": spec.get("name") or "Serverless Starter Warehouse",
        "starts_in": float(spec.get("starts_in") or 0),
        "running_at": None if spec.get("starts_in") else 0,
    }


def running_at(store: Store, warehouse_id: str, now: float) -> float:
    """When the warehouse runs; it is started if it is stopped. Raises InvalidParameter with the service's message."""
    warehouse = store.get("warehouse", warehouse_id)
    if warehouse is None:
        raise InvalidParameter(f"{warehouse_id} is not a valid endpoint id.")
    if warehouse["running_at"] is None:
        warehouse = store.put("warehouse", warehouse_id, warehouse | {"running_at": now + warehouse["starts_in"]})
    return float(warehouse["running_at"])


def _view(call: Call, warehouse: Json) -> Json:
    started = warehouse["running_at"]
    state = "STOPPED" if started is None else "RUNNING" if call.clock.now() >= started else "STARTING"
    return {"id": warehouse["id"], "name": warehouse["name"], "state": state}
