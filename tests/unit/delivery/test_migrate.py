"""The edits of a stack file that migrate an endpoint: what they declare, what they keep, what is refused."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from model_serving.contract.immutable_fields import immutable_fields
from model_serving.databricks.resource_types import MODEL_SERVING, SERVING_ENDPOINT_COMPONENT
from model_serving.delivery.migrate.plan import Step, back, retire, start
from model_serving.delivery.migrate.project import Project
from model_serving.delivery.migrate.settings import Setting, parse_setting, require_migration
from model_serving.errors import UsageError, UserError
from model_serving.spec import Endpoint, load_stack
from model_serving.spec.field_names import stack_file_keys
from model_serving.spec.succession import predecessor_of

OWN = """\
config:
  databricks:host: https://prod.example.com
  model-serving:endpoints:
    fraud-scorer:  # scores payments
      served_entities:
        # since Monday
        champion: {entity: main.ml.fraud, version: "7"}
      tags: {team: payments}  # who pays
    other:
      served_entities: {one: {entity: main.ml.iris, version: "1"}}
# The end.
"""
KEY = "fraud-scorer"
ROUTE = ("route_optimized=true",)
Make = Callable[..., Project]


def resources(names: dict[str, str], protected: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The state of endpoints by their resource names."""
    found: list[dict[str, Any]] = []
    for resource, name in names.items():
        component = f"urn:pulumi:prod::model-serving::{SERVING_ENDPOINT_COMPONENT}::{resource}"
        url = {"url": f"https://prod.example.com/{name}"}
        found.append({"urn": component, "type": SERVING_ENDPOINT_COMPONENT, "outputs": url})
        outputs = {"name": name, "servingEndpointId": f"id-of-{name}", "routeOptimized": False}
        urn = component.replace("::fraud", f"${MODEL_SERVING}::fraud")
        entry = {"urn": urn, "type": MODEL_SERVING, "parent": component, "outputs": outputs}
        found.append(entry | {"protect": name in protected})
    return found


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A project whose workspace has the given endpoints, all READY."""

    def project(
        own: str = OWN,
        base: str | None = None,
        deployed: dict[str, str] | None = None,
        live: Sequence[str] = (KEY,),
        protected: Sequence[str] = (),
        gone: Sequence[str] = (),
    ) -> Project:
        folder = tmp_path / "stacks"
        folder.mkdir(exist_ok=True)
        (folder / "Pulumi.prod.yaml").write_text(own)
        (folder / "Pulumi.staging.yaml").write_text("config: {}\n")
        if base:
            (folder / "base.yaml").write_text(base)
        spec = load_stack("prod", folder)
        found = resources({KEY: spec.name_prefix + KEY} if deployed is None else deployed, protected)
        answer = {"state": {"ready": "READY"}}
        monkeypatch.setattr(
            Project, "live", lambda self, name: answer if name in {*live, *self.deployed.keys() - set(gone)} else None
        )
        return Project("prod", tmp_path, KEY, spec, found)

    return project


def applied(project: Project, step: Step) -> list[str]:
    """The lines that git takes away and adds."""
    subprocess.run(["git", "apply", "-"], cwd=project.folder, input=step.change.patch, text=True, check=True)
    assert (project.folder / step.change.file).read_text() == step.change.text
    return [line for line in step.change.patch.splitlines()[2:] if line.startswith(("+", "-"))]


def reloaded(project: Project, deployed: dict[str, str] | None = None, **more: Any) -> Project:
    """The project after its files changed, and after a deployment."""
    spec = load_stack("prod", project.folder / "stacks")
    found = list(project.resources) if deployed is None else resources(deployed, **more)
    return Project(project.stack, project.folder, project.key, spec, found)


def sides(project: Project) -> tuple[Endpoint, Endpoint | None]:
    spec = load_stack("prod", project.folder / "stacks")
    return spec.endpoints[KEY], predecessor_of(spec, KEY)


def migrated(project: Project, *settings: str, name: str | None = None) -> list[str]:
    return applied(project, start(project, [*map(parse_setting, settings)], name))


BOTH = {KEY: KEY, f"{KEY}/fraud-scorer-2": "fraud-scorer-2"}


def test_a_successor_is_declared_beside_the_endpoint(make: Make) -> None:
    project = make()
    assert migrated(project, *ROUTE) == [
        "+      name: fraud-scorer-2",
        "+      route_optimized: true",
        "+      predecessor: {name: fraud-scorer, route_optimized: false}",
    ]
    endpoint, predecessor = sides(project)
    assert (endpoint.name, endpoint.route_optimized) == ("fraud-scorer-2", True)
    assert predecessor is not None
    assert predecessor.model_copy(update={"name": None}) == project.endpoint


@pytest.mark.parametrize(
    ("declared", "settings", "block"),
    [
        (
            "auto_capture: {catalog_name: main, schema_name: ml}",
            ("auto_capture.catalog_name=logs",),
            {"auto_capture": {"catalog_name": "main"}},
        ),
        (
            "auto_capture: {catalog_name: main, schema_name: ml}",
            ("auto_capture.schema_name=raw", "auto_capture.table_name_prefix=fraud"),
            {"auto_capture": {"schema_name": "ml", "table_name_prefix": None}},
        ),
        (
            "auto_capture: {catalog_name: main, schema_name: ml}",
            ("auto_capture=null",),
            {"auto_capture": {"catalog_name": "main", "schema_name": "ml"}},
        ),
        ("", ("auto_capture={catalog_name: main, schema_name: ml}",), {"auto_capture": None}),
        ("description: Scores", ("description=Scores payments",), {"description": "Scores"}),
    ],
    ids=["catalog", "schema and prefix", "table removed", "table added", "description"],
)
def test_every_immutable_field_can_be_migrated(
    make: Make, declared: str, settings: tuple[str, ...], block: dict[str, Any]
) -> None:
    project = make(OWN.replace("      tags:", f"      {declared}\n      tags:") if declared else OWN)
    before = project.endpoint
    migrated(project, *settings)
    written = yaml.safe_load((project.folder / "stacks" / "Pulumi.prod.yaml").read_text())
    assert written["config"]["model-serving:endpoints"][KEY]["predecessor"] == {"name": KEY, **block}
    endpoint, predecessor = sides(project)
    assert predecessor is not None
    assert predecessor.model_copy(update={"name": None}) == before
    assert endpoint.model_copy(update={"name": None, "predecessor": None}) != before


@pytest.mark.parametrize("row", [row.path for row in immutable_fields() if row.path != "name"])
def test_each_immutable_row_of_the_contract_is_taken(make: Make, row: str) -> None:
    path = stack_file_keys(tuple("[champion]" if part == "*" else part for part in row.split(".")))
    require_migration(KEY, make().written.merged, [Setting(path, {"a": "b"})])


def test_a_block_of_base_yaml_is_overridden_in_one_stack(make: Make) -> None:
    block = "      name: fraud-scorer-2\n      predecessor: {name: fraud-scorer, route_optimized: true}\n"
    project = make("config: {}\n", BASE + block, deployed=BOTH)
    assert "predecessor: null" in applied(project, retire(project))[-1]
    assert sides(project)[1] is None
    assert predecessor_of(load_stack("staging", project.folder / "stacks"), KEY) is not None


def test_a_name_alone_is_a_migration(make: Make) -> None:
    project = make()
    assert migrated(project, name="scorer") == ["+      name: scorer", "+      predecessor: {name: fraud-scorer}"]


def test_a_table_of_both_gets_a_prefix_of_its_own(make: Make) -> None:
    table = "{catalog_name: main, schema_name: ml, table_name_prefix: fraud}"
    project = make(OWN.replace("      tags:", f"      ai_gateway: {{inference_table: {table}}}\n      tags:"))
    migrated(project, *ROUTE)
    endpoint, predecessor = sides(project)
    tables = [each.model_dump()["ai_gateway"]["inference_table"] for each in (endpoint, predecessor) if each]
    assert [table["table_name_prefix"] for table in tables] == ["fraud-scorer-2", "fraud"]


@pytest.mark.parametrize("field", ["replace_id", "adopt_id"])
def test_ids_of_the_live_endpoint_are_taken_out(make: Make, field: str) -> None:
    project = make(OWN.replace("      tags:", f"      {field}: abc\n      tags:"))
    assert migrated(project, *ROUTE)[0] == f"-      {field}: abc"


BASE = """\
config:
  model-serving:endpoints:
    fraud-scorer:
      route_optimized: false  # see the docs
      auto_capture: {catalog_name: main, schema_name: ml}
      served_entities:
        champion: {entity: main.ml.fraud, version: "7"}
"""


def test_an_endpoint_of_base_yaml_migrates_in_one_stack(make: Make) -> None:
    project = make("config: {}\n", BASE)
    migrated(project, *ROUTE, "auto_capture=null")
    own = (project.folder / "stacks" / "Pulumi.prod.yaml").read_text()
    assert own == (
        "config: {model-serving:endpoints: {fraud-scorer: {auto_capture: null, route_optimized: true, name:"
        " fraud-scorer-2, predecessor: {name: fraud-scorer, route_optimized: false, auto_capture: {catalog_name: main,"
        " schema_name: ml}}}}}\n"
    )
    assert (project.folder / "stacks" / "base.yaml").read_text() == BASE
    assert load_stack("staging", project.folder / "stacks").endpoints[KEY].predecessor is None


def test_an_endpoint_of_base_yaml_gets_lines_of_its_own(make: Make) -> None:
    own = "config:\n  databricks:host: https://prod.example.com\n# The end.\n"
    assert migrated(make(own, BASE.replace("      route_optimized: false  # see the docs\n", "")), *ROUTE) == [
        "+  model-serving:endpoints:",
        "+    fraud-scorer:",
        "+      name: fraud-scorer-2",
        "+      route_optimized: true",
        "+      predecessor: {name: fraud-scorer, route_optimized: false}",
    ]


def test_the_way_back_of_an_endpoint_of_base_yaml(make: Make) -> None:
    project = make("config:\n  model-serving:name_prefix: prod-\n", BASE, live=("prod-fraud-scorer",))
    before = project.endpoint
    migrated(project, *ROUTE)
    after = reloaded(project, {KEY: "prod-fraud-scorer", f"{KEY}/fraud-scorer-2": "prod-fraud-scorer-2"})
    applied(after, back(after))
    endpoint, predecessor = sides(project)
    assert endpoint.model_copy(update={"name": None, "predecessor": None}) == before
    assert predecessor is not None
    assert (predecessor.name, predecessor.route_optimized) == ("fraud-scorer-2", True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("fraud-scorer:  #", "fraud-scorer: &scorer  #"),
        ("    other:\n", "    other:\n      <<: &shared {route_optimized: false}\n"),
    ],
    ids=["anchor", "merge key elsewhere"],
)
def test_anchors_elsewhere_are_no_obstacle(make: Make, old: str, new: str) -> None:
    project = make(OWN.replace(old, new))
    migrated(project, *ROUTE)
    assert sides(project)[0].route_optimized


def test_a_merge_key_is_overridden_in_its_map(make: Make) -> None:
    own = OWN.replace("    other:", "    other: &defaults").replace("fraud-scorer:  # scores payments", "third:")
    project = make(own.replace("# The end.\n", "    fraud-scorer:\n      <<: *defaults\n      tags: {a: b}\n"))
    migrated(project, *ROUTE)
    spec = load_stack("prod", project.folder / "stacks")
    assert (spec.endpoints[KEY].route_optimized, spec.endpoints["other"].route_optimized) == (True, False)


def test_an_alias_that_others_share_is_left_to_a_person(make: Make) -> None:
    table = "{catalog_name: main, schema_name: ml}"
    own = OWN.replace("      tags:", "      auto_capture: *table\n      tags:").replace(
        "  databricks:host", "  model-serving:default_tags: {a: b}\n  databricks:host"
    )
    own = own.replace(
        "    fraud-scorer:  #",
        f"    third:\n      auto_capture: &table {table}\n"
        "      served_entities: {a: {entity: a.b.c, version: '1'}}\n    fraud-scorer:  #",
    )
    project = make(own)
    with pytest.raises(UserError, match="anchors or merge keys") as raised:
        migrated(project, "auto_capture.catalog_name=logs")
    assert "predecessor:" in str(raised.value)
    assert (project.folder / "stacks" / "Pulumi.prod.yaml").read_text() == own


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("route_optimised=true", 'There is no field "route_optimised". Did you mean "route_optimized"?'),
        ("auto_capture.catalog=x", 'There is no field "catalog" of auto_capture. Did you mean "catalog_name"?'),
        ("served_entities.champio.external_model=null", 'served entity "champio". Did you mean "champion"?'),
        ("route_optimized.x=true", "route_optimized is one value and has no fields: --set route_optimized=VALUE"),
        ("route_optimized=false", "route_optimized of fraud-scorer is declared as false already. If that edit"),
        ("route_optimized=null", "route_optimized of fraud-scorer is declared as false already. If that edit"),
        ("served_entities.champion.version='8'", "served_entities.champion.version needs no migration: it is updated"),
        ("tags.team=risk", "tags.team needs no migration: it is updated in place. Declare `tags.team: risk`"),
        ("stopped=true", "stopped needs no migration"),
        ("predecessor.name=x", "the command writes `predecessor` itself"),
        ("creator=ann", "The creator of an endpoint is whoever deploys it"),
        ("route_optimized=perhaps", "The change is not valid, so nothing was written"),
    ],
)
def test_a_setting_that_cannot_be_migrated_says_why(make: Make, setting: str, message: str) -> None:
    project = make()
    with pytest.raises(UserError) as raised:
        migrated(project, setting)
    assert message in str(raised.value)
    assert str(project.folder) not in str(raised.value)
    assert "model-serving-stacks" not in str(raised.value)
    assert (project.folder / "stacks" / "Pulumi.prod.yaml").read_text() == OWN


def test_all_wrong_settings_are_reported_at_once(make: Make) -> None:
    with pytest.raises(UserError) as raised:
        migrated(make(), "stopped=true", "route=1")
    assert len(str(raised.value).splitlines()) == 2


@pytest.mark.parametrize("text", ["route_optimized", "=true", "a..b=1", "route_optimized={"])
def test_what_is_no_setting_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="--set"):
        parse_setting(text)


def test_a_field_or_a_name_must_change(make: Make) -> None:
    with pytest.raises(UsageError, match="What changes"):
        migrated(make())


@pytest.mark.parametrize(("settings", "name"), [(["name=null"], None), (["name=a", "name=b"], None), (["name=a"], "b")])
def test_a_successor_has_one_name(make: Make, settings: list[str], name: str | None) -> None:
    with pytest.raises(UsageError, match="has one name"):
        migrated(make(), *settings, name=name)


def test_taken_names_are_skipped(make: Make) -> None:
    own = OWN.replace("    other:\n", "    other:\n      name: fraud-scorer-2\n")
    project = make(own, live=(KEY, "fraud-scorer-3"))
    assert "+      name: fraud-scorer-4" in migrated(project, *ROUTE)


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("other", 'endpoint "other"'),
        ("hand-made", "an endpoint in the workspace that this stack does not manage"),
        (KEY, 'endpoint "fraud-scorer"'),
    ],
)
def test_a_taken_name_says_whose_it_is(make: Make, name: str, owner: str) -> None:
    with pytest.raises(UserError) as raised:
        migrated(make(live=(KEY, "hand-made")), *ROUTE, name=name)
    assert str(raised.value) == f'The name "{name}" is taken by {owner}. Free is: --name fraud-scorer-2'


def test_names_count_with_their_prefix(make: Make) -> None:
    project = make(OWN.replace("  model-serving:endp", "  model-serving:name_prefix: eu-\n  model-serving:endp"))
    assert "+      name: fraud-scorer-2" in migrated(project, *ROUTE)
    step = start(
        make(OWN.replace("  model-serving:endp", "  model-serving:name_prefix: eu-\n  model-serving:endp")),
        [parse_setting(*ROUTE)],
        None,
    )
    assert (step.predecessor, step.successor) == ("eu-fraud-scorer", "eu-fraud-scorer-2")


def test_a_third_endpoint_gets_the_next_number(make: Make) -> None:
    own = OWN.replace("      tags:", "      name: fraud-scorer-2\n      route_optimized: true\n      tags:")
    project = make(own, deployed={f"{KEY}/fraud-scorer-2": "fraud-scorer-2"}, live=("fraud-scorer-2",))
    assert migrated(project, "route_optimized=false") == [
        "-      name: fraud-scorer-2",
        "-      route_optimized: true",
        "+      name: fraud-scorer-3",
        "+      route_optimized: false",
        "+      predecessor: {name: fraud-scorer-2, route_optimized: true}",
    ]


def test_a_long_name_asks_for_another(make: Make) -> None:
    long = "f" * 62
    own = OWN.replace("      tags:", f"      name: {long}\n      tags:")
    with pytest.raises(UserError, match=r"has 64 characters.*--name NAME"):
        migrated(make(own, deployed={KEY: long}, live=(long,)), *ROUTE)


def test_what_is_not_deployed_needs_no_migration(make: Make) -> None:
    with pytest.raises(UserError, match="is not deployed in stack prod yet, so nothing needs a migration"):
        migrated(make(deployed={}, live=()), *ROUTE)


def test_a_migration_under_way_comes_first(make: Make) -> None:
    project = make()
    migrated(project, *ROUTE)
    with pytest.raises(UserError, match="is being migrated from fraud-scorer to fraud-scorer-2 already"):
        migrated(reloaded(project), name="x")


def test_a_retirement_is_deployed_before_the_next_migration(make: Make) -> None:
    own = OWN.replace("      tags:", "      name: fraud-scorer-2\n      tags:")
    with pytest.raises(UserError, match="is retired in the stack files and still deployed"):
        migrated(make(own, deployed=BOTH), *ROUTE)


def test_a_rename_by_hand_is_pointed_out(make: Make) -> None:
    own = OWN.replace("      tags:", "      name: scorer\n      tags:")
    with pytest.raises(UserError, match=r"deployed is fraud-scorer\. Restore `name: fraud-scorer`"):
        migrated(make(own), *ROUTE)


def test_the_way_back_swaps_both(make: Make) -> None:
    project = make()
    migrated(project, *ROUTE)
    after = reloaded(project, BOTH)
    assert applied(after, back(after)) == [
        "-      name: fraud-scorer-2",
        "-      route_optimized: true",
        "-      predecessor: {name: fraud-scorer, route_optimized: false}",
        "+      name: fraud-scorer",
        "+      route_optimized: false",
        "+      predecessor: {name: fraud-scorer-2, route_optimized: true}",
    ]
    again = reloaded(after, BOTH)
    applied(again, back(again))
    assert (project.folder / "stacks" / "Pulumi.prod.yaml").read_text() == start(
        make(), [parse_setting(*ROUTE)], None
    ).change.text


def test_a_successor_that_was_never_created_is_taken_out(make: Make) -> None:
    project = make()
    migrated(project, *ROUTE)
    after = reloaded(project)
    step = back(after)
    assert applied(after, step)[-1] == "+      route_optimized: false"
    assert (step.phases, sides(project)[1]) == ((), None)
    assert "fraud-scorer-2 was never created" in step.headline


def test_retirement_removes_the_block(make: Make) -> None:
    project = make()
    migrated(project, *ROUTE)
    after = reloaded(project, BOTH)
    step = retire(after)
    assert applied(after, step) == ["-      predecessor: {name: fraud-scorer, route_optimized: false}"]
    assert "replace_id: id-of-fraud-scorer" in step.phases[0].title
    assert "in the last 1 h" in step.phases[0].title


def test_a_retained_predecessor_is_not_said_to_be_deleted(make: Make) -> None:
    project = make(OWN.replace("      tags:", "      retain_on_delete: true\n      tags:"))
    migrated(project, *ROUTE)
    (phase,) = retire(reloaded(project, BOTH)).phases
    assert phase.title == "This commit takes fraud-scorer out of Pulumi's state. It stays live (`retain_on_delete`)."


def test_a_protected_predecessor_retires_in_two_commits(make: Make) -> None:
    project = make(OWN.replace("      tags:", "      protect: true\n      tags:"))
    migrated(project, *ROUTE)
    after = reloaded(project, BOTH)
    assert applied(after, retire(after))[-1] == (
        "+      predecessor: {name: fraud-scorer, route_optimized: false, protect: false}"
    )
    with pytest.raises(UserError, match="is still protected in the state"):
        retire(reloaded(after, BOTH, protected=["fraud-scorer"]))
    last = reloaded(after, BOTH)
    applied(last, retire(last))
    endpoint, predecessor = sides(project)
    assert (endpoint.protect, predecessor) == (True, None)


@pytest.mark.parametrize(
    ("deployed", "gone", "message"),
    [
        ({KEY: KEY}, (), "fraud-scorer-2 is not deployed, and fraud-scorer would be deleted"),
        (BOTH, ("fraud-scorer-2",), "fraud-scorer-2 is not in the workspace, so fraud-scorer must stay"),
    ],
    ids=["not deployed", "deleted by hand"],
)
def test_nothing_is_retired_without_a_successor(
    make: Make, deployed: dict[str, str], gone: tuple[str, ...], message: str
) -> None:
    project = make(gone=gone)
    migrated(project, *ROUTE)
    with pytest.raises(UserError, match=message):
        retire(reloaded(project, deployed))


def test_a_stopped_successor_lets_its_predecessor_retire(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make(OWN.replace("      tags:", "      stopped: true\n      tags:"))
    migrated(project, *ROUTE)
    stopped = {"state": {"ready": "NOT_READY", "suspend": "STOPPED"}}
    monkeypatch.setattr(Project, "live", lambda _self, _name: stopped)
    assert "is retired" in retire(reloaded(project, BOTH)).headline


@pytest.mark.parametrize("step", [back, retire])
def test_a_retirement_in_the_files_is_pointed_out(make: Make, step: Callable[[Project], Step]) -> None:
    own = OWN.replace("      tags:", "      name: fraud-scorer-2\n      tags:")
    with pytest.raises(UserError, match=r"^fraud-scorer is retired in the stack files and still deployed"):
        step(make(own, deployed=BOTH))


@pytest.mark.parametrize("step", [back, retire])
def test_without_a_migration_there_is_nothing_to_end(make: Make, step: Callable[[Project], Step]) -> None:
    with pytest.raises(UserError, match="is not being migrated: it declares no predecessor"):
        step(make())
