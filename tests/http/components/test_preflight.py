"""The preflight's checks of the caller: a creator that would change, and privileges."""

from typing import TYPE_CHECKING, Any, cast

import pytest

from model_serving.components.args import ServedEntityArgs, ServingEndpointArgs
from model_serving.components.preflight.checks import check_privileges
from model_serving.components.preflight.deployer import Judged
from model_serving.components.preflight.preflight import preflight
from model_serving.components.preflight.report import PreflightReport
from model_serving.components.preflight.requirements import Model, endpoint_requirements
from model_serving.databricks.caller import Caller
from model_serving.databricks.errors import DeniedError

if TYPE_CHECKING:
    from model_serving.databricks.client import Workspace

WAY = {"catalog/main": "USE_CATALOG", "schema/main.ml": "USE_SCHEMA", "function/main.ml.fraud": "EXECUTE"}


def run(settings: dict[str, Any], name: str = "fraud") -> PreflightReport:
    entity = ServedEntityArgs(entity="main.ml.fraud", version="7", workload_size="Small")
    return preflight(
        [endpoint_requirements(("endpoints", name), ServingEndpointArgs(name=name, served_entities={"one": entity}))],
        settings,
    )


def test_a_running_update_is_a_warning(frozen: Any) -> None:
    frozen.endpoint("fraud")
    assert run(frozen.settings()).warnings == [
        'Endpoint "fraud" is being updated. It serves its previous config until the update ends'
    ]
    frozen.clock.advance(60)
    assert run(frozen.settings()).warnings == []
    frozen.call("POST", "/api/2.0/serving-endpoints/fraud/config:stop")
    frozen.call("POST", "/api/2.0/serving-endpoints/fraud/config:start")
    assert run(frozen.settings()).warnings == [
        'Endpoint "fraud" was stopped and is being deployed. It answers no requests until that ends'
    ]


def test_another_creator_is_a_warning(frozen: Any) -> None:
    frozen.endpoint("fraud")
    frozen.clock.advance(60)
    me, settings = frozen.principal()
    for securable, privilege in WAY.items():
        frozen.grant(securable, me, privilege)
    place = f"/api/2.0/permissions/serving-endpoints/{frozen.call('GET', '/api/2.0/serving-endpoints/fraud')['id']}"
    entry = {"service_principal_name": me, "permission_level": "CAN_MANAGE"}
    frozen.call("PATCH", place, {"access_control_list": [entry]})
    (warning,) = run(settings).warnings
    assert warning.startswith('Endpoint "fraud" runs as its creator, admin@example.com. ')
    assert warning.endswith(f"You are {me}: a replacement would run as you from then on")


def test_the_same_creator_is_no_warning(frozen: Any) -> None:
    frozen.endpoint("fraud")
    frozen.clock.advance(60)
    assert run(frozen.settings()) == run(frozen.settings(), "other") == PreflightReport()


ADMIN_OF_THE_METASTORE = {"owner": "metastore-admins"}
GRANTED = {"privilege_assignments": [{"principal": "ann", "privileges": ["ALL_PRIVILEGES"]}]}


def test_missing_privileges_are_a_problem(frozen: Any) -> None:
    me, settings = frozen.principal()
    ((_, message, hint),) = run(settings).problems
    lacking = "USE CATALOG on main, USE SCHEMA on main.ml, EXECUTE on main.ml.fraud"
    assert message == f"the endpoint would permanently run as its creator, {me}, who lacks {lacking}"
    assert "MODEL_SERVING_PREFLIGHT=warn" in hint


@pytest.mark.parametrize(
    "granted",
    [WAY, {"catalog/main": "ALL_PRIVILEGES"}, {"catalog/main": "USE_CATALOG", "schema/main.ml": "ALL_PRIVILEGES"}],
    ids=["each", "all of the catalog", "all of the schema"],
)
@pytest.mark.parametrize("holder", ["itself", "account users"])
def test_grants_to_the_caller_or_everyone_suffice(frozen: Any, granted: dict[str, str], holder: str) -> None:
    me, settings = frozen.principal()
    for securable, privilege in granted.items():
        frozen.grant(securable, me if holder == "itself" else holder, privilege)
    assert run(settings) == PreflightReport()


def test_an_owner_needs_no_execute(frozen: Any) -> None:
    me, settings = frozen.principal()
    frozen.grant("catalog/main", me, "USE_CATALOG")
    frozen.grant("schema/main.ml", me, "USE_SCHEMA")
    frozen.call("PATCH", "/api/2.1/unity-catalog/models/main.ml.fraud", {"owner": me})
    assert run(settings) == PreflightReport()


class Answers:
    """A workspace with these answers by the kind of the request, and no others."""

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


def grants_of(who: Caller, **answers: Any) -> PreflightReport:
    return check_privileges(cast("Workspace", Answers(**answers)), Judged(who), FRAUD)


def test_effective_permissions_suffice_without_grants() -> None:
    everything = {"privilege_assignments": [{"principal": "?", "privileges": [{"privilege": "ALL_PRIVILEGES"}]}]}
    assert grants_of(ANN, effective_permissions=everything) == PreflightReport()
    ((_, message, _),) = grants_of(ANN, effective_permissions=EXECUTE).problems
    assert message.endswith("who lacks USE CATALOG on main, USE SCHEMA on main.ml")


def test_grants_are_read_without_effective_permissions() -> None:
    assert grants_of(ANN, effective_permissions=DeniedError("no"), permissions=GRANTED) == PreflightReport()


def test_unreadable_grants_are_not_checked() -> None:
    denied = DeniedError("no MANAGE")
    report = grants_of(ANN, effective_permissions=denied, permissions=denied)
    assert report == PreflightReport(unread={"privileges of ann on main.ml.fraud"})


def test_admins_may_have_hidden_privileges() -> None:
    assert grants_of(Caller("ann", frozenset({"admins"}))) == PreflightReport()
    report = grants_of(ANN, metastore_summary=ADMIN_OF_THE_METASTORE)
    assert (len(report.warnings), report.problems) == (1, [])
    assert report.warnings[0].endswith("A metastore admin may have privileges that grants do not show")
    assert len(grants_of(Caller("bob", frozenset()), metastore_summary=ADMIN_OF_THE_METASTORE).problems) == 1
