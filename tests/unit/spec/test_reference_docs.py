"""docs/stack-files.md: complete, and true; and the stack file of docs/querying.md."""

import re
import shutil
from pathlib import Path

import pytest

from model_serving.spec import SpecError, load_stack
from model_serving.spec.json_schema import FILE as SCHEMA
from model_serving.spec.reference_docs import FILE, with_tables
from model_serving.spec.rollout_steps import remaining_splits
from tests.support.stack_files import StackFiles

PAGE = FILE.read_text(encoding="utf-8")
QUERYING = FILE.with_name("querying.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
EXAMPLES += re.findall(r"```yaml\n(config:.*?)```", QUERYING, re.DOTALL)


def test_the_page_has_every_field() -> None:
    assert with_tables(PAGE) == PAGE, "Run `make schema`"


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_is_a_right_stack_file(files: StackFiles, example: str) -> None:
    assert files.write(example).faults() == []


def test_overlay_example_does_what_it_says(files: StackFiles) -> None:
    (base,) = re.findall(r"```yaml base\n(.*?)```", PAGE, re.DOTALL)
    (own,) = re.findall(r"```yaml over\n(.*?)```", PAGE, re.DOTALL)
    fraud = files.write(own, base).load().endpoints["fraud-scorer"]
    entities = [(name, each.version, each.workload_size) for name, each in fraud.served_entities.items()]
    assert entities == [("champion", "7", "Medium")]
    assert (fraud.protect, fraud.routes, fraud.permissions) == (True, {"champion": 100}, [])


def test_rollout_example_draws_its_own_steps(files: StackFiles) -> None:
    (example,) = re.findall(r"```yaml rollout\n(.*?)```", PAGE, re.DOTALL)
    loaded = files.write(example)
    assert loaded.faults() == []
    fraud = loaded.load().endpoints["fraud-scorer"]
    assert fraud.rollout
    rows = re.findall(r"^\| (?:live|step \d|target) \| (\d+) % \| (\d+) % \|$", PAGE, re.MULTILINE)
    live, *ahead = [{"champion": int(champion), "challenger": int(challenger)} for champion, challenger in rows]
    assert remaining_splits(live, fraud.traffic, fraud.rollout.steps) == ahead


def test_waiver_of_the_operations_page_is_right(files: StackFiles) -> None:
    page = FILE.with_name("operations.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml waiver\n(.*?)```", page, re.DOTALL)
    (waiver,) = files.write(example).load().waivers.values()
    assert waiver.rule == "rollout-in-steps"


def test_errors_on_the_page_are_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "stacks"
    shutil.copytree(SCHEMA.parent, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    monkeypatch.chdir(tmp_path)
    base = folder / "base.yaml"
    text = base.read_text(encoding="utf-8")
    for right, wrong in (
        ("route_optimized: true", "route_optimised: true"),
        ("challenger: 5}", "challenger: 6}"),
        ("service_principal: checkout,", "service_principal: chekout,"),
    ):
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    base.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as refused:
        load_stack("prod", folder)
    assert f"```\n{refused.value}\n```" in PAGE
