"""Stop an endpoint and start it again.

Sources: product documentation, manage model serving endpoints, "Stop a model serving endpoint" (only endpoints of
custom models without an update in progress can be stopped; the resources are shut down; a stopped endpoint does not
count against the quota; its queries get 400; a start creates a config version with the same properties). No SDK has the
two calls (databricks-sdk-py issue 752). Users' captures of 2026 show `state.suspend` STOPPED, served entities that are
DEPLOYMENT_STOPPED, and that a start validates the model's dependencies as any deployment does. Statuses and messages of
refusals are ours.
"""

from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import InvalidState
from model_serving.workspace.serving.deploy_config import begin_deployment
from model_serving.workspace.serving.endpoints import require_endpoint, require_no_update, save
from model_serving.workspace.serving.entities import kind_of
from model_serving.workspace.serving.quotas import release_concurrency, reserve_concurrency
from model_serving.workspace.serving.views import detailed
from model_serving.workspace.store.database import Json


def stop(call: Call) -> Json:
    """Stops an endpoint of custom models at once. A switch decides about route-optimized endpoints."""
    endpoint = require_endpoint(call, "CAN_MANAGE")
    require_no_update(endpoint)
    entities = (endpoint["config"] or {}).get("served_entities", [])
    if not entities or not all(kind_of(entity) == "CUSTOM_MODEL" for entity in entities):
        raise InvalidState(
            f"Endpoint {endpoint['name']} cannot be stopped: only endpoints of custom models can be stopped."
        )
    if endpoint["route_optimized"] and call.switch("stop-of-a-route-optimized-endpoint") == "refused":
        raise InvalidState(f"Endpoint {endpoint['name']} cannot be stopped: it is route optimized.")
    release_concurrency(call.store, endpoint["name"])
    return detailed(call, save(call, endpoint | {"is_stopped": True}))


def start(call: Call) -> Json:
    """Deploys the stored config again, as a new version."""
    endpoint = require_endpoint(call, "CAN_MANAGE")
    require_no_update(endpoint)
    if not endpoint["is_stopped"]:
        raise InvalidState(f"Endpoint {endpoint['name']} is not stopped.")
    reserve_concurrency(call.store, call.settings.limits, endpoint["name"], endpoint["config"])
    started = begin_deployment(call, endpoint | {"stays_stopped": False}, endpoint["config"])
    return detailed(call, save(call, started))
