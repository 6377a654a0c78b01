"""`adopt --import` around its `up`: what is refused, what the stack file has before and after, and how it goes on."""

import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model_serving.delivery.adopt.adopted_ids import adopted_keys, without_adopt_ids
from model_serving.delivery.adopt.config_size import require_fitting
from model_serving.delivery.adopt.import_run import import_adopted
from model_serving.delivery.deploy import Command, Outcome
from model_serving.delivery.rollback.stack_file_change import StackFileChange
from model_serving.delivery.rollout.course import PlannedRollout
from model_serving.errors import InterruptedRunError, UserError
from model_serving.review.assess.execution_order import Write
from model_serving.review.assess.from_preview import report
from model_serving.review.assess.report import Report
from model_serving.review.assess.resource_change import Action, ResourceChange
from model_serving.review.assess.sentence import sentence
from model_serving.review.plan.preview import Preview
from model_serving.spec import load_stack

FILE = "stacks/Pulumi.dev.yaml"
BEFORE = "config: {}  # of the team\n"
ADOPTED = """\
config:
  model-serving:endpoints:
    # Made by hand
    fraud:
      adopt_id: 0a1b
      served_entities: {one: {entity: main.ml.fraud, version: "7", workload_size: Small}}
    iris: {adopt_id: 0a1c, served_entities: {one: {entity: main.ml.iris, version: "1", workload_size: Small}}}
"""
AFTER = ADOPTED.replace("      adopt_id: 0a1b\n", "").replace("adopt_id: 0a1c, ", "")
CHANGE = StackFileChange({FILE: ADOPTED}, "")
IMPORT = ResourceChange("endpoint", "fraud", Action.ADOPT)
IMPORTED = Write(sentence("Import endpoint fraud"), "Import", "endpoint", "fraud")
CREATED = Write(sentence("Create endpoint new"), "Create", "endpoint", "new")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/base.yaml").write_text("config: {}\n", encoding="utf-8")
    (tmp_path / FILE).write_text(BEFORE, encoding="utf-8")
    return tmp_path / FILE


def planned(*order: Write, resources: tuple[ResourceChange, ...] = (IMPORT,)) -> Report:
    return replace(report(Preview("dev")), resources=resources, order=order)


def run(file: Path, now: Report, after: Callable[[], Any] = lambda: None) -> Outcome:
    """What an import ends with, where the preview is `now`; `after` may raise in the middle."""

    def deploy(_: Command, approve: Callable[[Report, Sequence[PlannedRollout]], Outcome | None]) -> Outcome:
        assert file.read_text(encoding="utf-8") == ADOPTED
        if refused := approve(now, ()):
            return refused
        return after() or Outcome(deployed=True, message="Deployed", report=now)

    return import_adopted("dev", file.parent.parent, (), CHANGE, deploy)


def test_imports_take_their_ids_out_again(file: Path) -> None:
    outcome = run(file, planned(IMPORTED))
    assert (outcome.status, file.read_text(encoding="utf-8")) == (0, AFTER)
    assert outcome.message.startswith("1 endpoint imported, nothing was written to the workspace.")


@pytest.mark.parametrize(
    ("order", "resources"),
    [
        ((IMPORTED, CREATED), (IMPORT, ResourceChange("endpoint", "new", Action.CREATE))),
        ((IMPORTED, Write(sentence("Create endpoint new"))), (IMPORT,)),
    ],
    ids=["another endpoint", "a write to the state"],
)
def test_any_other_step_is_refused(file: Path, order: tuple[Write, ...], resources: tuple[ResourceChange, ...]) -> None:
    outcome = run(file, planned(*order, resources=resources))
    assert (outcome.status, file.read_text(encoding="utf-8")) == (1, BEFORE)
    assert "`pulumi up` would do more than that: Create endpoint new. Deploy or take back" in outcome.message


def test_a_failed_run_keeps_what_it_imported(file: Path) -> None:
    failed = Outcome(deployed=False, message="Not deployed: why", report=planned(IMPORTED))
    outcome = run(file, planned(IMPORTED), lambda: failed)
    assert (outcome.status, file.read_text(encoding="utf-8")) == (1, ADOPTED)
    assert outcome.message.startswith("Not deployed: why\nRun the same command again to go on")


@pytest.mark.parametrize(
    ("error", "kept"),
    [(InterruptedRunError(signal.SIGTERM, "Interrupted"), ADOPTED), (UserError("no pulumi"), BEFORE)],
)
def test_an_interrupted_run_keeps_its_file(file: Path, error: UserError, kept: str) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)):
        run(file, planned(IMPORTED), fail)
    assert file.read_text(encoding="utf-8") == kept


def test_only_adopt_ids_leave_the_file(file: Path) -> None:
    file.write_text(ADOPTED, encoding="utf-8")
    assert adopted_keys("dev", file.parent.parent) == ("fraud", "iris")
    change = without_adopt_ids("dev", file.parent.parent)
    assert change.files == {FILE: AFTER}
    assert change.patch.count("\n-") == 2
    file.write_text(AFTER, encoding="utf-8")
    assert without_adopt_ids("dev", file.parent.parent) == StackFileChange({}, "")


def test_an_id_alone_leaves_no_null(file: Path) -> None:
    served = 'served_entities: {one: {entity: main.ml.fraud, version: "7", workload_size: Small}}'
    base = f"config:\n  model-serving:endpoints:\n    fraud: {{{served}}}\n"
    file.with_name("base.yaml").write_text(base, encoding="utf-8")
    own = "config:\n  databricks:host: https://dev.example.com\n"
    own += "  model-serving:endpoints:\n    fraud:\n      adopt_id: 0a1b\n"
    file.write_text(own, encoding="utf-8")
    (text,) = without_adopt_ids("dev", file.parent.parent).files.values()
    file.write_text(text, encoding="utf-8")
    assert [*load_stack("dev", file.parent).endpoints] == ["fraud"]


def test_an_id_on_its_second_line_leaves(file: Path) -> None:
    file.write_text(ADOPTED.replace("adopt_id: 0a1b", "adopt_id:\n        0a1b"), encoding="utf-8")
    assert without_adopt_ids("dev", file.parent.parent).files == {FILE: AFTER}


def test_an_id_that_others_refer_to_stays(file: Path) -> None:
    shared = ADOPTED.replace("adopt_id: 0a1b", "adopt_id: &id 0a1b\n      replace_id: *id")

    def share() -> None:
        file.write_text(shared, encoding="utf-8")

    outcome = run(file, planned(IMPORTED), share)
    assert (outcome.status, file.read_text(encoding="utf-8")) == (0, shared)
    assert outcome.message.endswith(f"The `adopt_id` lines of {FILE} have no effect any more: remove them by hand")


def test_ids_leave_a_file_of_windows(file: Path) -> None:
    file.write_text(ADOPTED, encoding="utf-8", newline="\r\n")
    assert without_adopt_ids("dev", file.parent.parent).files == {FILE: AFTER.replace("\n", "\r\n")}


def test_more_than_a_policy_pack_gets_is_refused() -> None:
    def text(number: int) -> str:
        served = "served_entities: {one: {entity: main.ml.fraud, version: '7', workload_size: Small}}"
        lines = [f"    endpoint-{n:04}: {{adopt_id: {n:032x}, {served}}}" for n in range(number)]
        return "\n".join(["config:", "  model-serving:endpoints:", *lines, ""])

    require_fitting(text(300), FILE)
    with pytest.raises(UserError, match=r"would have \d+ KiB of configuration, and Pulumi can hand 128 KiB"):
        require_fitting(text(1000), FILE)
    require_fitting("# nothing\n", FILE)
