"""Routes for endpoints with provisioned throughput, which serve foundation models only.

Source: databricks-sdk-py `service/serving.py`, create and update of provisioned-throughput endpoints.
"""

from dataclasses import replace

from model_serving.workspace.http.call import Call
from model_serving.workspace.http.errors import InvalidParameter
from model_serving.workspace.http.request_model import accepts
from model_serving.workspace.serving import endpoints, requests
from model_serving.workspace.serving.entities import requested_entities
from model_serving.workspace.store.database import Json


@accepts(requests.CreateThroughputEndpoint)
def create(call: Call) -> Json:
    _check_units(call.body.get("config") or {})
    return endpoints.create(call)


@accepts(requests.UpdateThroughputConfig)
def update_config(call: Call) -> Json:
    """The config is a member of the body; on `/serving-endpoints/{name}/config` the body is the config."""
    config = call.body.get("config") or {}
    _check_units(config)
    return endpoints.update_config(replace(call, body=config))


def _check_units(config: Json) -> None:
    for entity in requested_entities(config):
        if not entity.get("provisioned_model_units"):
            raise InvalidParameter("provisioned_model_units is required for provisioned throughput endpoints.")
