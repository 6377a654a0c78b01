"""Ways round `route-optimized-create-only` that someone could think of, on the real engine.

Each test changes the program of one stack, in which endpoint "fraud" is live and route optimized, and ends with that
endpoint untouched.
"""

from collections.abc import Iterator

import pytest

from tests.support.raw_program import PREVIEW, UP, RawProgram, Violation, create_endpoint, violations
from tests.support.running_workspace import RunningWorkspace
from tests.support.snapshots import Snapshots

LIVE = 'Endpoint("fraud", name="fraud", routeOptimized=True)'


@pytest.fixture(scope="module")
def live(snapshots: Snapshots) -> Iterator[RawProgram]:
    with snapshots.prepared("live-program", lambda sandbox: RawProgram(sandbox).deploy(LIVE)) as sandbox:
        yield RawProgram(sandbox)


def test_unchanged_program_passes(live: RawProgram) -> None:
    assert live.run(LIVE, *UP, "--expect-no-changes").status == 0


@pytest.mark.parametrize(
    "wanted",
    ["", 'routeOptimized="false"', "routeOptimized=pulumi.Output.secret(False)"],
    ids=["absent", "text", "secret"],
)
def test_any_form_of_the_flip_is_refused(live: RawProgram, wanted: str) -> None:
    text = live.refused(f'Endpoint("fraud", name="fraud", {wanted})', resource="fraud")
    assert 'Route optimization of the live endpoint "fraud" can\'t be switched off' in text


def test_secret_name_is_refused(live: RawProgram) -> None:
    live.refused('Endpoint("fraud", name=pulumi.Output.secret("fraud"))', resource="fraud")


def test_other_casing_of_the_name_is_refused(live: RawProgram) -> None:
    live.refused('Endpoint("fraud", name="Fraud")', resource="fraud")


def test_unknown_name_is_checked_during_up(live: RawProgram) -> None:
    program = """
caller = Resource("ServicePrincipal", "caller", displayName="caller", applicationId=None)
Endpoint("fraud", name=caller.applicationId.apply(lambda _: "fraud"))
"""
    preview = live.run(program, *PREVIEW)
    assert preview.status == 0
    assert Violation("route-optimized-create-only", "ModelServing", "fraud", "advisory") in violations(preview.text)
    assert "route optimization is unknown until `up`: the endpoint's name can't be known before" in preview.text
    before = live.sandbox.workspace.writes()
    up = live.run(program, *UP)
    assert up.refused, up.text
    assert Violation("route-optimized-create-only", "ModelServing", "fraud") in violations(up.text)
    assert live.sandbox.workspace.writes()[len(before) :] == ["POST /api/2.0/preview/scim/v2/ServicePrincipals"]
    live.deploy(LIVE)  # without the caller


def test_pulumi_databricks_resource_is_refused(live: RawProgram) -> None:
    live.refused(
        """
from pulumi_databricks import ModelServing
entity = {"entity_name": "main.ml.iris", "entity_version": "2", "scale_to_zero_enabled": False}
ModelServing("fraud", name="fraud", route_optimized=False, config={"served_entities": [entity]})
""",
        resource="fraud",
    )


def test_each_provider_is_read_in_its_workspace(live: RawProgram, other_workspace: RunningWorkspace) -> None:
    create_endpoint(other_workspace, "fraud", route_optimized=False)
    program = f"""
from pulumi_databricks import Provider
other = Provider("other", host="{other_workspace.url}", token="{other_workspace.token}")
{LIVE}
Endpoint("twin", pulumi.ResourceOptions(provider=other), name="fraud", routeOptimized=True)
"""
    text = live.refused(program, resource="twin")
    assert Violation("route-optimized-create-only", "ModelServing", "fraud") not in violations(text)
    assert other_workspace.writes() == ["POST /api/2.0/serving-endpoints"]


def test_import_of_a_different_endpoint_is_refused(live: RawProgram) -> None:
    create_endpoint(live.sandbox.workspace, "by-hand", route_optimized=False)
    program = """
Endpoint("imported", pulumi.ResourceOptions(import_="by-hand"), name="by-hand", routeOptimized=True)
"""
    live.refused(LIVE + program, resource="imported")
    # The engine imports first and asks the policies after: the state has it now, and the endpoint is as it was.
    live.sandbox.pulumi("state", "delete", live.urn("imported"), "--yes")


@pytest.mark.parametrize("option", ["--target", "--replace"])
def test_targeted_run_is_refused(live: RawProgram, option: str) -> None:
    live.refused('Endpoint("fraud", name="fraud")', option, live.urn("fraud"), resource="fraud")


def test_delete_before_replace_is_refused(live: RawProgram) -> None:
    options = "pulumi.ResourceOptions(delete_before_replace=False)"
    live.refused(f'Endpoint("fraud", {options}, name="fraud")', resource="fraud")


def test_renamed_resource_with_alias_is_refused(live: RawProgram) -> None:
    options = 'pulumi.ResourceOptions(aliases=[pulumi.Alias(name="fraud")])'
    live.refused(f'Endpoint("scorer", {options}, name="fraud")', resource="scorer")


def test_renamed_resource_without_alias_is_refused(live: RawProgram) -> None:
    live.refused('Endpoint("scorer", name="fraud")', resource="scorer")


def test_ignored_changes_keep_the_endpoint(live: RawProgram) -> None:
    before = live.sandbox.workspace.writes()
    options = 'pulumi.ResourceOptions(ignore_changes=["routeOptimized"])'
    outcome = live.run(f'Endpoint("fraud", {options}, name="fraud", routeOptimized=False)', *UP)
    assert outcome.status == 0
    assert live.sandbox.workspace.writes() == before
    assert live.sandbox.workspace.get("/api/2.0/serving-endpoints/fraud")["route_optimized"] is True


def test_refresh_first_is_refused(live: RawProgram) -> None:
    live.refused('Endpoint("fraud", name="fraud")', "--refresh", resource="fraud")


def test_endpoint_created_after_preview_is_refused(live: RawProgram) -> None:
    program = LIVE + '\nEndpoint("late", name="late", routeOptimized=True)'
    assert live.run(program, *PREVIEW).status == 0
    create_endpoint(live.sandbox.workspace, "late", route_optimized=False)
    live.refused(program, resource="late")


def test_new_name_is_a_creation(live: RawProgram) -> None:
    assert live.run(LIVE + '\nEndpoint("second", name="second", routeOptimized=False)', *PREVIEW).status == 0


def test_absolute_path_of_the_pack_works(live: RawProgram) -> None:
    (live.sandbox.folder / "__main__.py").write_text('raise SystemExit("this is not the program")', encoding="utf-8")
    outside = live.sandbox.folder.parent / "elsewhere"
    outside.mkdir(exist_ok=True)
    pack = str(live.sandbox.folder / "policies")
    program = 'Endpoint("fraud", name="fraud")'
    live.run(program, *PREVIEW)
    moved = type(live.sandbox)(outside, live.sandbox.workspace, live.sandbox.environment)
    outcome = moved.pulumi("-C", str(live.sandbox.folder), "preview", "--policy-pack", pack, check=False)
    assert outcome.refused, outcome.text
    assert Violation("route-optimized-create-only", "ModelServing", "fraud") in violations(outcome.text)
