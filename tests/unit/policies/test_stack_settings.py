"""The settings of the rules as the pack reads them: base.yaml, overlaid by the stack's own file."""

from pathlib import Path

from model_serving.policies.pack.configuration import Configured
from model_serving.policies.pack.stack_settings import StackSettings, read_settings
from model_serving.policies.rules import RULES

BASE = """config:
  model-serving:policies:
    production: {stacks: [live]}
    traffic-jump: {points: 25}
    permissions-declared: mandatory
"""


def settings(folder: Path, base: str = BASE, own: str = "config: {}\n", **engine: object) -> StackSettings:
    (folder / "base.yaml").write_text(base, encoding="utf-8")
    (folder / "Pulumi.dev.yaml").write_text(own, encoding="utf-8")
    return read_settings("dev", folder, RULES, engine or None)


def test_own_file_merges_replaces_and_removes(tmp_path: Path) -> None:
    own = "config: {model-serving:policies: {traffic-jump: {level: advisory}, permissions-declared: null}}\n"
    found = settings(tmp_path, own=own)
    assert found.policies == {
        "production": Configured(None, {"stacks": ["live"]}),
        "traffic-jump": Configured("advisory", {"points": 25}),
    }
    assert found.mistakes == ()


def test_values_of_the_engine_precede_the_own_file(tmp_path: Path) -> None:
    own = "config: {model-serving:policies: {traffic-jump: {points: 1}}}\n"
    found = settings(tmp_path, own=own, policies={"traffic-jump": {"points": 2}})
    assert found.policies["traffic-jump"] == Configured(None, {"points": 2})


def test_unreadable_base_yaml_is_a_mistake(tmp_path: Path) -> None:
    (mistake,) = settings(tmp_path, base="config: {model-serving:policies: [").mistakes
    assert "base.yaml:" in str(mistake)
    assert "not valid YAML" in str(mistake)


def test_another_tool_s_base_yaml_is_none_of_ours(tmp_path: Path) -> None:
    assert settings(tmp_path, base="image: {{ .Values.image }}: [").mistakes == ()
    assert settings(tmp_path, base="- a list\n").mistakes == ()


def test_missing_files_have_no_settings(tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", None):
        found = read_settings("dev", folder, RULES, {"policies": {"traffic-jump": "disabled"}})
        assert (found.policies, found.mistakes) == ({"traffic-jump": Configured("disabled")}, ())


def test_policies_must_be_a_map(tmp_path: Path) -> None:
    found = settings(tmp_path, base="config: {model-serving:policies: [traffic-jump]}\n")
    assert [each.path for each in found.mistakes] == ["policies"]
    assert found.policies == {}
