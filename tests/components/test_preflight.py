"""What the preflight tells of who runs it: a creator that would change, and privileges that grants do or don't show."""

from typing import Any

from components.args import ServedEntityArgs, ServingEndpointArgs
from components.lookups import Report
from components.needs import needs
from components.preflight import preflight

WAY = {"catalog/main": "USE_CATALOG", "schema/main.ml": "USE_SCHEMA", "function/main.ml.fraud": "EXECUTE"}


def look(settings: dict[str, Any], name: str = "fraud") -> Report:
    entity = ServedEntityArgs(entity="main.ml.fraud", version="7", workload_size="Small")
    return preflight([needs(("endpoints", name), ServingEndpointArgs(name, {"one": entity}))], settings)


def test_a_live_endpoint_of_another_creator_is_told_with_both_names(still: Any) -> None:
    still.endpoint("fraud")
    me, settings = still.principal()
    for securable, privilege in WAY.items():
        still.grant(securable, me, privilege)
    place = f"/api/2.0/permissions/serving-endpoints/{still.call('GET', '/api/2.0/serving-endpoints/fraud')['id']}"
    entry = {"service_principal_name": me, "permission_level": "CAN_MANAGE"}
    still.call("PATCH", place, {"access_control_list": [entry]})
    (told,) = look(settings).warnings
    assert told.startswith('Endpoint "fraud" runs as its creator, admin@example.com. ')
    assert told.endswith(f"You are {me}: a replacement would run as you from then on")


def test_the_creator_and_whoever_makes_a_new_endpoint_are_told_nothing(still: Any) -> None:
    still.endpoint("fraud")
    assert look(still.settings()) == look(still.settings(), "other") == Report()
