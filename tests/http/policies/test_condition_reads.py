"""How often the rules on live conditions read the workspace: one listing, and each endpoint and access list once."""

from collections import Counter
from collections.abc import Iterator

import pytest

from model_serving.contract.conditions import CONDITIONS
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH
from model_serving.policies.pack.rule import Registered, Resource
from model_serving.policies.rules import RULES
from tests.support.raw_program import create_endpoint
from tests.support.running_workspace import RunningWorkspace, running_workspace

MANY = 500
PERMISSIONS = "/api/2.0/permissions/serving-endpoints"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorkspace]:
    database = tmp_path_factory.mktemp("conditions") / "workspace.db"
    limits = ("--limit", "changes=10000", "--limit", "endpoints=10000")
    with running_workspace(database, "--ready-after", "0", *limits) as running:
        for number in range(MANY):
            create_endpoint(running, f"e{number}", route_optimized=False)
        yield running


def test_500_endpoints_cost_one_listing(workspace: RunningWorkspace) -> None:
    provider = {"host": workspace.url, "token": workspace.token}
    resources = [
        Resource(MODEL_SERVING, f"e{n}", f"urn:e{n}", {"name": f"e{n}"}, provider, stack_spec={"deployer": "x@y.org"})
        for n in range(MANY)
    ]
    before = len(workspace.get("/_workspace/journal")["requests"])
    registered = [Registered(each) for each in resources]
    found: Counter[str] = Counter()
    for rule in (rule for rule in RULES if rule.name in CONDITIONS):
        settings = rule.with_defaults({})
        found[rule.name] += sum(len(list(rule.check(each, settings))) for each in resources)
        found[rule.name] += len(list(rule.check_stack(registered, settings))) if rule.check_stack else 0
    assert found["runs-as-declared"] == MANY
    made = [each["path"] for each in workspace.get("/_workspace/journal")["requests"][before:]]
    serving = [path for path in made if path.startswith((ENDPOINTS_PATH, PERMISSIONS))]
    assert set(Counter(serving).values()) == {1}
    assert serving.count(ENDPOINTS_PATH) == 1
    assert len(serving) == 1 + 2 * MANY
