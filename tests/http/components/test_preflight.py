"""What the preflight tells of who runs it: a creator that would change, and privileges that grants do or don't show."""

from typing import Any, cast

import pytest

from model_serving.components.args import ServedEntityArgs, ServingEndpointArgs
from model_serving.components.preflight.checks import Report, look_for_privileges
from model_serving.components.preflight.preflight import preflight
from model_serving.components.preflight.privileges import Caller
from model_serving.components.preflight.requirements import Model, needs
from model_serving.databricks.client import DeniedError, Workspace

WAY = {"catalog/main": "USE_CATALOG", "schema/main.ml": "USE_SCHEMA", "function/main.ml.fraud": "EXECUTE"}


def look(settings: dict[str, Any], name: str = "fraud") -> Report:
    entity = ServedEntityArgs(entity="main.ml.fraud", version="7", workload_size="Small")
    return preflight([needs(("endpoints", name), ServingEndpointArgs(name, {"one": entity}))], settings)


def test_a_live_endpoint_of_another_creator_is_told_with_both_names(still: Any) -> None:
    still.endpoint("fraud")
    still.clock.advance(60)
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
    still.clock.advance(60)
    assert look(still.settings()) == look(still.settings(), "other") == Report()


ADMIN_OF_THE_METASTORE = {"owner": "metastore-admins"}
GRANTED = {"privilege_assignments": [{"principal": "ann", "privileges": ["ALL_PRIVILEGES"]}]}


def test_a_caller_without_privileges_is_told_what_is_missing_and_both_ways_out(still: Any) -> None:
    me, settings = still.principal()
    ((_, message, hint),) = look(settings).findings
    lacking = "USE CATALOG on main, USE SCHEMA on main.ml, EXECUTE on main.ml.fraud"
    assert message == f"{me} would create the endpoint, which then runs as it for good, but lacks {lacking}"
    assert "MODEL_SERVING_PREFLIGHT=warn" in hint


@pytest.mark.parametrize(
    "granted",
    [WAY, {"catalog/main": "ALL_PRIVILEGES"}, {"catalog/main": "USE_CATALOG", "schema/main.ml": "ALL_PRIVILEGES"}],
    ids=["each", "all of the catalog", "all of the schema"],
)
@pytest.mark.parametrize("holder", ["itself", "account users"])
def test_what_is_granted_to_the_caller_or_to_all_is_enough(still: Any, granted: dict[str, str], holder: str) -> None:
    me, settings = still.principal()
    for securable, privilege in granted.items():
        still.grant(securable, me if holder == "itself" else holder, privilege)
    assert look(settings) == Report()


def test_the_owner_of_the_model_needs_only_the_way_to_it(still: Any) -> None:
    me, settings = still.principal()
    still.grant("catalog/main", me, "USE_CATALOG")
    still.grant("schema/main.ml", me, "USE_SCHEMA")
    still.call("PATCH", "/api/2.1/unity-catalog/models/main.ml.fraud", {"owner": me})
    assert look(settings) == Report()


class Answers:
    """A workspace that knows these answers by the end of the path, and nothing else."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def find(self, path: str) -> Any:
        kind = path.removeprefix("/api/2.1/unity-catalog/").partition("/")[0]
        answer = self._answers.get(kind.replace("-", "_"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def get(self, path: str) -> Any:
        return self.find(path) or {}


ANN = Caller("ann", frozenset({"metastore-admins"}))
EXECUTE = {"privilege_assignments": [{"principal": "a group of the account", "privileges": [{"privilege": "EXECUTE"}]}]}
FRAUD = Model(("version",), "main.ml.fraud", "7")


def grants_of(who: Caller, **answers: Any) -> Report:
    return look_for_privileges(cast("Workspace", Answers(**answers)), who, FRAUD)


def test_what_the_service_counts_is_enough_though_no_grant_shows_it() -> None:
    everything = {"privilege_assignments": [{"principal": "?", "privileges": [{"privilege": "ALL_PRIVILEGES"}]}]}
    assert grants_of(ANN, effective_permissions=everything) == Report()
    ((_, message, _),) = grants_of(ANN, effective_permissions=EXECUTE).findings
    assert message.endswith("but lacks USE CATALOG on main, USE SCHEMA on main.ml")


def test_where_effective_permissions_are_denied_the_grants_are_looked_at() -> None:
    assert grants_of(ANN, effective_permissions=DeniedError("no"), permissions=GRANTED) == Report()


def test_where_nothing_can_be_read_it_is_told_and_not_refused() -> None:
    denied = DeniedError("no MANAGE")
    (told,) = grants_of(ANN, effective_permissions=denied, permissions=denied).warnings
    assert told == "version: can't read who may use main.ml.fraud, so it was not checked: no MANAGE"


def test_administrators_are_not_refused_for_what_no_grant_shows() -> None:
    assert grants_of(Caller("ann", frozenset({"admins"}))) == Report()
    report = grants_of(ANN, metastore_summary=ADMIN_OF_THE_METASTORE)
    assert (len(report.warnings), report.findings) == (1, [])
    assert report.warnings[0].endswith("It may hold it as a metastore admin, unseen here")
    assert len(grants_of(Caller("bob", frozenset()), metastore_summary=ADMIN_OF_THE_METASTORE).findings) == 1
