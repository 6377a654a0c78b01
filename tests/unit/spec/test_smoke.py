"""Smoke requests in stack files."""

from pathlib import Path

import pytest

from model_serving.spec import SpecError, load_stack

STACK = """\
config:
  model-serving:endpoints:
    iris:
      served_entities:
        current: {{entity: main.ml.iris, version: "2"}}
      smoke:
        - {request}
"""


def write(folder: Path, request: str) -> None:
    (folder / "Pulumi.dev.yaml").write_text(STACK.format(request=request), encoding="utf-8")


def test_request_and_file_exclude_each_other(tmp_path: Path) -> None:
    write(tmp_path, "{request: {inputs: [[1, 2]]}, expect: {predictions: [0]}, entity: current}")
    (smoke,) = load_stack("dev", tmp_path).endpoints["iris"].smoke
    assert (smoke.request, smoke.expect, smoke.entity) == ({"inputs": [[1, 2]]}, {"predictions": [0]}, "current")


@pytest.mark.parametrize("file", ["../secrets.json", "/etc/passwd", "a/../../b.json"])
def test_a_file_is_below_the_stack_files(tmp_path: Path, file: str) -> None:
    write(tmp_path, f"{{file: {file}}}")
    with pytest.raises(SpecError, match=r"endpoints\.iris\.smoke\[0\].*outside of the folder of the stack files"):
        load_stack("dev", tmp_path)


@pytest.mark.parametrize("request_", ["{}", "{request: {inputs: [1]}, file: one.json}"])
def test_it_takes_exactly_one_of_them(tmp_path: Path, request_: str) -> None:
    write(tmp_path, request_)
    with pytest.raises(SpecError, match=r"endpoints\.iris\.smoke\[0\].*exactly one of request and file"):
        load_stack("dev", tmp_path)
