"""Where a rollback goes by the record of the last rollout, and what was deployed after that."""

from dataclasses import replace
from pathlib import Path

import pytest

from model_serving.delivery.rollback.deployed import DeployedEndpoint, DeployedEntity
from model_serving.delivery.rollback.goal import Goal
from model_serving.delivery.rollback.last_good import last_good_goal
from model_serving.errors import UserError
from model_serving.operations.rollout_history import History
from model_serving.spec.rollout_record import Approval, Entry, Owner, Record, Split, Status

START, TARGET = {"champion": 100, "challenger": 0}, {"champion": 0, "challenger": 100}
MODELS = {"champion": "main.ml.fraud v7", "challenger": "main.ml.fraud v8"}
ENTRIES = (Entry("2026-11-21T18:00:00+00:00", "run", START, TARGET),)
REACHED = Record(
    "r1", "run", Status.REACHED, Owner(), Approval(), START, TARGET, MODELS, TARGET, TARGET, "s", entries=ENTRIES
)


def deployed(traffic: Split, record: Record = REACHED, champion: str = "7", model: str = "main.ml.fraud") -> Goal:
    """The goal of a rollback of an endpoint in a folder without stack files."""
    entities = {
        "champion": DeployedEntity("champion", model, champion, ()),
        "challenger": DeployedEntity("challenger", "main.ml.fraud", "8", ()),
    }
    history = History("fraud", record)
    endpoint = DeployedEndpoint("fraud", "f", "urn", entities, traffic, (), (), {}, (), False, False, history, False)
    served = {name: share for name, share in traffic.items() if share}
    return last_good_goal("prod", endpoint, served, Path("/"))


def test_the_split_before_the_last_rollout_comes_back() -> None:
    assert deployed(TARGET) == Goal(START, "the split before the rollout that began 2026-11-21T18:00 UTC")


def test_a_version_that_served_comes_back_with_its_split() -> None:
    """Version 9 was deployed at 0 % after the rollout: it has never answered a caller."""
    assert deployed(TARGET, champion="9").versions == {"champion": "7"}


def test_another_model_at_the_place_is_refused() -> None:
    with pytest.raises(UserError, match=r"champion was main\.ml\.fraud v7 then, and is main\.ml\.other v7 now"):
        deployed(TARGET, model="main.ml.other")


@pytest.mark.parametrize("traffic", [{"champion": 50, "challenger": 50}, {"champion": 30, "challenger": 70}])
def test_a_later_deployment_counts_before_the_record(traffic: Split) -> None:
    """Somebody has moved the traffic without steps since: the record says nothing of what served before that."""
    with pytest.raises(UserError, match="no history here"):
        deployed(traffic)


@pytest.mark.parametrize("split", [{"champion": 75, "challenger": 25}, {"champion": 90, "challenger": 10}])
def test_a_rollout_that_stands_still_counts(split: Split) -> None:
    """It was killed, or somebody else has changed the traffic at its step."""
    step = {"champion": 75, "challenger": 25}
    entries = (Entry("2026-11-21T18:00:00+00:00", "run", START, step),)
    record = replace(REACHED, status=Status.FAILED, split=split, entries=entries)
    assert dict(deployed(step, record).traffic) == START
