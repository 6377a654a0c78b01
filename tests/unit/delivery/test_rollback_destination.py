"""`rollback --to`: an entity, a split, or a version."""

import pytest

from model_serving.delivery.rollback.deployed import DeployedEndpoint, DeployedEntity
from model_serving.delivery.rollback.destination import chosen_goal
from model_serving.errors import UsageError


def deployed(traffic: dict[str, int], **versions: str) -> DeployedEndpoint:
    entities = {name: DeployedEntity(name, "main.ml.fraud", version, ()) for name, version in versions.items()}
    return DeployedEndpoint(
        key="fraud",
        name="prod-fraud",
        urn="urn",
        entities=entities,
        traffic=traffic,
        fields=(),
        config_fields=(),
        outputs={},
        siblings=(),
        protect=False,
        retain_on_delete=False,
        history=None,
        is_rolled_back=False,
    )


CANARY = deployed({"champion": 0, "challenger": 100}, champion="7", challenger="8")


@pytest.mark.parametrize(
    ("to", "traffic"),
    [
        ("champion", {"champion": 100, "challenger": 0}),
        ("champion=90,challenger=10", {"champion": 90, "challenger": 10}),
        ("challenger=10%, champion=90%", {"champion": 90, "challenger": 10}),
        ("champion=100", {"champion": 100, "challenger": 0}),
        ("7", {"champion": 100, "challenger": 0}),
        ("v7", {"champion": 100, "challenger": 0}),
    ],
)
def test_traffic_goes_where_it_is_told(to: str, traffic: dict[str, int]) -> None:
    goal = chosen_goal(CANARY, to)
    assert (dict(goal.traffic), goal.versions) == (traffic, {})


def test_a_version_that_nothing_serves_replaces_the_live_one() -> None:
    goal = chosen_goal(CANARY, "6")
    assert (dict(goal.traffic), goal.versions) == ({"champion": 0, "challenger": 100}, {"challenger": "6"})


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("chalenger", 'fraud serves no "chalenger". Did you mean "challenger"'),
        ("champion=90", "sums to 90: the percentages must sum to 100"),
        ("champion=50,champion=50", "names an entity twice"),
        ("champion=many", '"champion=many" is not ENTITY=PERCENTAGE, as in champion=100,challenger=0'),
        ("winner=100", 'fraud serves no "winner"'),
    ],
)
def test_a_place_that_does_not_exist_names_those_that_do(to: str, message: str) -> None:
    with pytest.raises(UsageError, match="--to") as caught:
        chosen_goal(CANARY, to)
    assert message in str(caught.value)


def test_an_ambiguous_version_lists_the_choices() -> None:
    both = deployed({"blue": 50, "green": 50}, blue="7", green="7")
    with pytest.raises(UsageError, match="Choose one: --to blue, --to green"):
        chosen_goal(both, "7")
    with pytest.raises(UsageError, match="one alone must receive traffic"):
        chosen_goal(both, "6")
