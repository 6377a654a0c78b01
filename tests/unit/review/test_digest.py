"""What a digest covers, and what it leaves out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from model_serving.databricks.resource_types import ROLLOUTS
from model_serving.review.assess.digest import Covered, covered, differing
from model_serving.review.assess.from_preview import report
from model_serving.review.plan.events import from_events
from model_serving.review.plan.preview import DecidedBy, Preview
from model_serving.review.render.markers import digest_marker, marker, reviewed_digest, reviewed_sections

Event = dict[str, Any]
Planned = Callable[..., Event]
Inputs = Callable[..., dict[str, Any]]

FILES = {"stacks/base.yaml": "1", "stacks/Pulumi.prod.yaml": "2", "components/args.py": "3", "Pulumi.yaml": "4"}
DECIDED = DecidedBy(FILES, {"pulumi": "3.260.0", "model-serving": "0.1.0"}, state_secrets="5")


def preview(*events: Event) -> Preview:
    return replace(from_events([*events, {"summaryEvent": {}}]), decided_by=DECIDED)


def changed(event: Event, side: str = "new", **values: Any) -> Event:
    """The event with other options or ids of a resource."""
    metadata = event["resourcePreEvent"]["metadata"]
    state = {**(metadata.get(side) or {}), **values}
    return {"resourcePreEvent": {"metadata": {**metadata, side: state}}}


@pytest.fixture
def update(plan: Planned, inputs: Inputs) -> Event:
    return plan("update", "fraud", inputs("fraud"), inputs("fraud", tags=[{"key": "a", "value": "b"}]), diffs=["tags"])


@pytest.fixture
def create(plan: Planned, inputs: Inputs) -> Event:
    return plan("create", "fraud", None, inputs("fraud"))


DIFFERENT: Mapping[str, Callable[[Event, Event], Event]] = {
    "protect is removed": lambda update, _: changed(update, "old", protect=True),
    "retain_on_delete is set": lambda update, _: changed(update, retainOnDelete=True),
    "an alias renames it": lambda update, _: changed(
        changed(update, urn=update["resourcePreEvent"]["metadata"]["urn"]), "old", urn="urn:pulumi:p::m::t::old"
    ),
    "another provider": lambda update, _: changed(update, provider="urn:pulumi:p::m::pulumi:providers:d::other::id"),
    "it is created": lambda _, create: create,
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_every_option_changes_the_plan(case: str, update: Event, create: Event) -> None:
    before, after = covered(preview(update)), covered(preview(DIFFERENT[case](update, create)))
    assert [*differing(before, after)] == ["the plan differs"]
    assert before.digest != after.digest


def test_the_id_of_an_import_counts(plan: Planned, inputs: Inputs) -> None:
    imports = [changed(plan("import", "fraud", None, inputs("fraud")), id=each) for each in ("1", "2")]
    assert covered(preview(imports[0])).digest != covered(preview(imports[1])).digest


def test_the_order_of_a_replacement_counts(plan: Planned, inputs: Inputs) -> None:
    """Deleted first means an outage; created first doesn't."""
    delete = plan("delete-replaced", "fraud", inputs("fraud"), None)
    create = plan("create-replacement", "fraud", inputs("fraud"), inputs("fraud"))
    assert covered(preview(delete, create)).digest != covered(preview(create, delete)).digest


def test_the_order_of_resources_does_not_count(plan: Planned, inputs: Inputs) -> None:
    both = [plan("create", name, None, inputs(name)) for name in ("one", "two")]
    assert covered(preview(*both)) == covered(preview(*reversed(both)))


def test_the_order_of_resources_with_one_id_does_not_count(plan: Planned) -> None:
    """An endpoint's settings and its empty access list both have the endpoint's id."""
    both = [
        changed(plan("same", name, {"endpointId": "1"}, {"endpointId": "1"}), "old", id="1")
        for name in ("settings", "access")
    ]
    created = plan("create", "p", None, {"servingEndpointId": "1"}, "databricks:index/permissions:Permissions")
    assert covered(preview(*both, created)) == covered(preview(*reversed(both), created))


def test_ids_of_own_resources_do_not_count(plan: Planned, inputs: Inputs) -> None:
    """Of the endpoint that a permission is about its name counts, not the id that the workspace gave it."""

    def deployed(endpoint: str) -> Preview:
        same = changed(plan("same", "fraud", inputs("fraud"), inputs("fraud")), "old", id=endpoint)
        kind = "databricks:index/permissions:Permissions"
        return preview(same, plan("create", "fraud-permissions", None, {"servingEndpointId": endpoint}, kind))

    other = plan("create", "p", None, {"servingEndpointId": "x"}, "databricks:index/permissions:Permissions")
    assert covered(deployed("1")) == covered(deployed("2"))
    assert covered(deployed("1")) != covered(preview(other))


def test_who_signs_in_does_not_count(plan: Planned) -> None:
    def provider(new: dict[str, Any]) -> Preview:
        old = {"host": "https://one", "token": "mine", "version": "1.104.0"}
        return preview(plan("update", "default", old, {**old, **new}, "pulumi:providers:databricks"))

    assert covered(provider({})) == covered(provider({"token": "yours"}))
    assert covered(provider({})) != covered(provider({"host": "https://two"}))
    assert [*differing(covered(provider({})), covered(provider({"version": "1.105.0"})))] == [
        "the versions of the engine, the providers or the policy packs differ"
    ]


@pytest.mark.parametrize("name", ["MODE", "TOKEN"])
def test_hidden_values_can_not_be_guessed(name: str, plan: Planned, inputs: Inputs) -> None:
    """A value that is hidden in the comment is covered by the hash of its file only."""
    events = []
    for value in ("planted-1", "planted-2"):
        entity = {"name": "current", "entityName": "m", "environmentVars": {name: value}}
        new = inputs("fraud", config={"servedEntities": [entity]})
        events.append(plan("update", "fraud", inputs("fraud"), new, diffs=["config"]))
    assert covered(preview(events[0])) == covered(preview(events[1]))


def test_the_workspace_of_the_shell_counts(update: Event) -> None:
    one = preview(update)
    before, after = (covered(replace(one, decided_by=replace(DECIDED, workspace=host))) for host in ("one", "two"))
    assert [*differing(before, after)] == ["DATABRICKS_HOST differs"]


def test_policy_packs_count(update: Event) -> None:
    one = preview(update)
    packs = [replace(one, packs=packs) for packs in ((), ("p 1",), ("p 2",))]
    assert len({covered(each).digest for each in packs}) == 3


@pytest.mark.parametrize("file", FILES)
def test_every_file_counts_by_name(file: str, update: Event) -> None:
    before = preview(update)
    decided = replace(DECIDED, files={**FILES, file: "edited"})
    after = replace(before, decided_by=decided)
    assert covered(before).digest != covered(after).digest
    expected = "components differs: components/args.py" if file.startswith("components") else f"{file} differs"
    assert [*differing(covered(before), covered(after))] == [expected]
    without_files = Covered(covered(before).sections)
    assert [*differing(without_files, covered(after))] == [expected.partition(":")[0]]


def test_secrets_in_the_state_count_where_one_is_written(update: Event, plan: Planned) -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}
    writing = plan("create", "s", None, {"stringValue": secret}, "databricks:index/secret:Secret")
    for event, counts in ((update, False), (writing, True)):
        one = preview(event)
        other = replace(one, decided_by=replace(DECIDED, state_secrets="6"))
        assert (covered(one).digest != covered(other).digest) is counts


def test_the_hidden_line_holds_the_sections(update: Event) -> None:
    covers = covered(preview(update))
    comment = f"{marker('prod')}\n{digest_marker(covers.digest, covers.sections)}\n\n## text\n"
    assert reviewed_digest(comment) == covers.digest
    assert [*differing(Covered(reviewed_sections(comment)), covers)] == []


def test_only_the_second_line_is_read() -> None:
    """An author's text may look like a hidden line."""
    line = f"<!-- reviewed:{'0' * 32} -->"
    assert reviewed_digest(f"{marker('prod')}\n\n{line}\n") == ""
    assert reviewed_digest(f"{line}\n") == ""
    assert reviewed_digest(f"{marker('prod')}\n{line}\n") == "0" * 32


@pytest.mark.parametrize("op", ["create", "update", "delete"])
@pytest.mark.parametrize("kind", ROLLOUTS)
def test_no_record_of_a_rollout_is_covered(op: str, kind: str, plan: Planned, update: Event) -> None:
    old, new = {"endpointName": "fraud"}, {"endpointName": "fraud", "record": "{}"}
    kept = plan(op, "fraud-rollout", old if op != "create" else None, new if op != "delete" else None, kind)
    assert covered(preview(update, kept)) == covered(preview(update))
    assert report(preview(kept)).order == ()
    assert report(preview(kept)).resources == ()
