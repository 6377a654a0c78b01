"""What a plan means for rollouts, what is left of an approved one, and that a step changes nothing else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from model_serving.delivery.rollout.change_parts import approval_of, changes, is_rest_of, unexpected_changes
from model_serving.delivery.rollout.declared_rollouts import DeclaredRollouts, RolloutRunsError
from model_serving.delivery.rollout.staging import Staging, staging_of
from model_serving.errors import UsageError
from model_serving.operations.rollout_history import History
from model_serving.review.assess.digest import covered
from model_serving.review.assess.from_preview import report
from model_serving.review.plan.events import from_events
from model_serving.review.plan.preview import DecidedBy, Preview
from model_serving.spec import load_stack
from model_serving.spec.rollout_record import Approval, Owner, Record, Split, Status
from tests.unit.delivery.rollout.fake_rollout import LIVE, TARGET
from tests.unit.review.conftest import component, planned

DECIDED = DecidedBy({"stacks/base.yaml": "1"}, {"pulumi": "3.260.0"})
FIVE = {"champion": 95, "challenger": 5}
STACK_FILE = """
config:
  model-serving:endpoints:
    fraud: &fraud
      served_entities:
        champion: {entity: main.ml.fraud, version: "7", workload_size: Small}
        challenger: {entity: main.ml.fraud, version: "8", workload_size: Small}
      traffic: {champion: 0, challenger: 100}
      rollout: {steps: [5, 50], bake: 10m}
    other:
      <<: *fraud
      name: prod-other
    plain:
      served_entities: {only: {entity: main.ml.iris, version: "1", workload_size: Small}}
"""


def endpoint(split: Split, version: str = "8", **fields: Any) -> dict[str, Any]:
    versions = {"champion": "7", "challenger": version}
    entities = [{"name": name, "entityName": "main.ml.fraud", "entityVersion": each} for name, each in versions.items()]
    routes = [{"servedModelName": name, "trafficPercentage": share} for name, share in split.items()]
    return {"name": "fraud", "config": {"servedEntities": entities, "trafficConfig": {"routes": routes}}, **fields}


def step(old: dict[str, Any], new: dict[str, Any], name: str = "fraud") -> dict[str, Any]:
    event = planned("update" if old != new else "same", name, old, new)
    event["resourcePreEvent"]["metadata"]["old"]["outputs"] = old
    return event


def tag(name: str = "plain", value: str = "b") -> dict[str, Any]:
    return step({"name": name}, {"name": name, "tags": [{"key": "a", "value": value}]}, name)


def preview(*events: dict[str, Any]) -> Preview:
    return replace(from_events([*events, {"summaryEvent": {}}]), decided_by=DECIDED)


APPROVED = preview(step(endpoint(LIVE), endpoint(TARGET)), tag())
APPROVAL = approval_of("digest", covered(APPROVED), APPROVED.steps, ["fraud"])


def record(**changed: Any) -> Record:
    models = {"champion": "main.ml.fraud v7", "challenger": "main.ml.fraud v8"}
    made = Record("r1", "run1", Status.RUNNING, Owner(), APPROVAL, LIVE, TARGET, models, FIVE, LIVE, "step1")
    return replace(made, **changed)


@pytest.fixture
def declared(tmp_path: Path) -> Callable[..., DeclaredRollouts]:
    (tmp_path / "Pulumi.prod.yaml").write_text(STACK_FILE, encoding="utf-8")
    spec = load_stack("prod", tmp_path)

    def make(**records: Record) -> DeclaredRollouts:
        histories = {key: History(key, each) for key, each in records.items()}
        return DeclaredRollouts("prod", tmp_path, spec, histories)

    return make


def staged(declared: DeclaredRollouts, now: Preview, reviewed: str = "", *chosen: str) -> Staging:
    return staging_of(declared, now, report(now), reviewed, chosen)


def test_a_changed_split_is_rolled_out(declared: Callable[..., DeclaredRollouts]) -> None:
    (rollout,) = staged(declared(), APPROVED).rollouts
    assert (rollout.key, rollout.live, rollout.target) == ("fraud", LIVE, TARGET)
    assert [split["challenger"] for split in rollout.splits] == [5, 50, 100]


@pytest.mark.parametrize(
    "now",
    [
        preview(planned("create", "fraud", None, endpoint(TARGET))),
        preview(planned("create-replacement", "fraud", endpoint(LIVE), endpoint(TARGET))),
        preview(step(endpoint(TARGET), endpoint(TARGET, description="new"))),
        preview(tag()),
    ],
    ids=["new", "recreated", "same split", "no rollout declared"],
)
def test_nothing_else_is_rolled_out(declared: Callable[..., DeclaredRollouts], now: Preview) -> None:
    assert staged(declared(), now).rollouts == ()


def test_an_unfinished_rollout_at_its_target_is_ended(declared: Callable[..., DeclaredRollouts]) -> None:
    now = preview(step(endpoint(TARGET), endpoint(TARGET)))
    (rollout,) = staged(declared(fraud=record(split=TARGET)), now).rollouts
    assert rollout.splits == [TARGET]
    assert staged(declared(fraud=record(status=Status.REACHED)), now).rollouts == ()


def test_what_is_left_of_an_approved_plan_is_continued(declared: Callable[..., DeclaredRollouts]) -> None:
    rest = preview(step(endpoint(FIVE), endpoint(TARGET)))
    staging = staged(declared(fraud=record()), rest, "digest")
    assert staging.is_continued
    assert staging.approval == APPROVAL
    assert not staged(declared(fraud=record()), rest, "another").is_continued
    assert not staged(declared(), rest, "digest").is_continued


def test_a_rollout_that_undoes_a_rollback_is_approved_for_it(declared: Callable[..., DeclaredRollouts]) -> None:
    again = preview(component(rolled_back=True), step(endpoint(LIVE), endpoint(TARGET)), tag())
    (rollout,) = staged(declared(), again).rollouts
    assert [split["challenger"] for split in rollout.splits] == [5, 50, 100]
    assert not staged(declared(fraud=record()), again, "digest").is_continued
    (unexpected,) = unexpected_changes(again.steps, APPROVAL.changes, {"fraud": TARGET})
    assert unexpected == "undoes the rollback of fraud"


@pytest.mark.parametrize(
    "now",
    [
        preview(step(endpoint(FIVE), endpoint(TARGET)), tag(value="c")),
        preview(step(endpoint(FIVE), endpoint(TARGET, version="9"))),
        preview(step(endpoint(FIVE), endpoint({"champion": 10, "challenger": 90}))),
        replace(preview(step(endpoint(FIVE), endpoint(TARGET))), decided_by=replace(DECIDED, files={"a": "b"})),
        replace(preview(step(endpoint(FIVE), endpoint(TARGET))), decided_by=replace(DECIDED, versions={})),
    ],
    ids=["another change", "another model", "another target", "another file", "another engine"],
)
def test_anything_else_needs_an_approval(declared: Callable[..., DeclaredRollouts], now: Preview) -> None:
    assert not staged(declared(fraud=record()), now, "digest").is_continued


def test_a_secret_that_is_left_needs_an_approval() -> None:
    secrets = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    rest = replace(
        preview(step(endpoint(FIVE), endpoint(TARGET)), step({"token": "a"}, {"token": secrets}, "plain")),
        decided_by=replace(DECIDED, state_secrets="5"),
    )
    approval = approval_of("digest", covered(rest), rest.steps, ["fraud"])
    assert not is_rest_of(approval, covered(rest), rest.steps, ["fraud"])


def test_a_failed_deployment_is_tried_again(declared: Callable[..., DeclaredRollouts]) -> None:
    """Its first `up` may have deployed a part, so that the digest is another one now."""
    failed = record(status=Status.FAILED, split=LIVE)
    staging = staged(declared(fraud=failed), preview(step(endpoint(LIVE), endpoint(TARGET))), "digest")
    assert (staging.is_continued, staging.refusal("digest", again=False)) == (True, "")
    assert [each.unfinished for each in staging.rollouts] == [None], "From the start"


def test_a_failed_rollout_is_not_repeated(declared: Callable[..., DeclaredRollouts]) -> None:
    failed = record(status=Status.FAILED, is_judged=True, reason="5 %: p95 123 ms, bound: 80 ms", split=LIVE)
    staging = staged(declared(fraud=failed), APPROVED, "digest")
    refusal = staging.refusal("digest", again=False)
    assert "to challenger 100 % failed" in refusal
    assert "5 %: p95 123 ms, bound: 80 ms. fraud went back to champion 100 %" in refusal
    assert "model-serving deploy --stack prod --reviewed digest --again" in refusal
    assert staging.refusal("digest", again=True) == ""
    assert staging.refusal("a new approval", again=False) == ""


@pytest.mark.parametrize(
    "changed",
    [{"is_judged": False}, {"target": {"champion": 50, "challenger": 50}}, {"entities": {"challenger": "fraud v9"}}],
    ids=["its deployment failed", "another target", "another model"],
)
def test_another_rollout_is_no_repetition(declared: Callable[..., DeclaredRollouts], changed: dict[str, Any]) -> None:
    failed = replace(record(status=Status.FAILED, is_judged=True), **changed)
    assert staged(declared(fraud=failed), APPROVED, "digest").refusal("digest", again=False) == ""


def test_an_entity_that_is_gone_is_refused(declared: Callable[..., DeclaredRollouts]) -> None:
    old = endpoint({"retired": 60, "champion": 40})
    staging = staged(declared(), preview(step(old, endpoint(TARGET))))
    assert '"retired" has 60 % of the traffic and is removed at once' in staging.refusal("", again=False)


def test_chosen_endpoints_roll_out_alone(declared: Callable[..., DeclaredRollouts]) -> None:
    both = preview(*(step(endpoint(LIVE), endpoint(TARGET), name) for name in ("fraud", "other")))
    staging = staged(declared(), both, "", "other")
    assert [[each.key for each in part] for part in (staging.rollouts, staging.unmoved)] == [["other"], ["fraud"]]
    assert [each.key for each in staged(declared(), both, "", "prod-other").rollouts] == ["other"], "By its name"
    with pytest.raises(UsageError, match='no rollout of an endpoint "frod"'):
        staged(declared(), both, "", "frod")


def test_a_running_rollout_is_left_alone(declared: Callable[..., DeclaredRollouts]) -> None:
    owner = Owner("build-7", 123, until="2030-01-01T00:00:00+00:00", job="github:team/models/17")
    running, me, now = declared(fraud=record(owner=owner)), Owner("here", 7), datetime(2026, 11, 21, tzinfo=UTC)
    with pytest.raises(RolloutRunsError) as refusal:
        running.require_free(me, now, take_over=False)
    assert "process 123 on build-7 (github:team/models/17) is at champion 95 %, challenger 5 %" in str(refusal.value)
    assert "at the latest 2030-01-01 00:00 UTC" in str(refusal.value)
    running.require_free(me, now, take_over=True)
    declared(fraud=record(owner=owner, status=Status.REACHED)).require_free(me, now, take_over=False)


def test_a_step_changes_the_traffic_only() -> None:
    approved = changes(APPROVED.steps, ["fraud"])
    first = preview(step(endpoint(LIVE), endpoint(FIVE)), tag())
    assert unexpected_changes(first.steps, approved, {"fraud": FIVE}) == ()
    later = preview(step(endpoint(FIVE), endpoint({"champion": 50, "challenger": 50})))
    assert unexpected_changes(later.steps, approved, {"fraud": {"champion": 50, "challenger": 50}}) == ()


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (preview(step(endpoint(LIVE), endpoint(FIVE)), tag(value="c")), "update of plain"),
        (preview(step(endpoint(LIVE), endpoint(FIVE, version="9"))), "update of fraud"),
        (preview(step(endpoint(LIVE), endpoint(TARGET))), "traffic of fraud"),
        (preview(tag()), "no fraud"),
    ],
    ids=["another resource", "another model", "another split", "gone"],
)
def test_a_step_that_changes_more_is_refused(now: Preview, what: str) -> None:
    approved = changes(APPROVED.steps, ["fraud"])
    assert unexpected_changes(now.steps, approved, {"fraud": FIVE}) == (what,)


def test_an_approval_keeps_what_a_deployment_leaves() -> None:
    assert Approval("digest", APPROVAL.sections, APPROVAL.changes) == APPROVAL
    assert set(APPROVAL.sections) == {"versions", "stacks/base.yaml"}
    assert len(APPROVAL.changes) == 1, "The tag; not the traffic"
