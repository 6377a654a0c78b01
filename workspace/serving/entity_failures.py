"""Failures of deployed entities, for tests of what watches endpoints: `POST /_workspace/endpoints/{name}/failures`.

On the service a replica may crash or lose its secrets at any time. The entity's state then says so, while the endpoint
stays READY. Source: databricks-sdk-py `ServedModelStateDeployment` (DEPLOYMENT_FAILED, DEPLOYMENT_RECOVERING).
"""

from model_serving.workspace.http.auth import require_admin
from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import DoesNotExist, InvalidParameter
from model_serving.workspace.http.request_model import RequestModel, Text, accepts
from model_serving.workspace.serving.endpoints import require_endpoint
from model_serving.workspace.serving.views import detailed
from model_serving.workspace.store.database import Json


class FailEntity(RequestModel):
    """The entity that fails from now on, and the message of its state; without a message it recovers."""

    entity: Text = None
    message: Text = None


@accepts(FailEntity)
def fail(call: Call) -> Json:
    """The entity's state is DEPLOYMENT_FAILED, and its requests get 500, until the next config update."""
    require_admin(call.access, "fail served entities")
    endpoint = require_endpoint(call, "CAN_MANAGE")
    name = call.body.get("entity")
    if not name:
        raise InvalidParameter("entity must be given")
    if name not in [each["name"] for each in (endpoint["config"] or {}).get("served_entities", [])]:
        raise DoesNotExist(f"Served entity '{name}' does not exist on Endpoint {endpoint['name']}.")
    failing = {**(endpoint.get("failing") or {}), name: call.body.get("message")}
    failing = {entity: message for entity, message in failing.items() if message}
    return detailed(call, call.store.put("endpoint", endpoint["name"], endpoint | {"failing": failing}))
