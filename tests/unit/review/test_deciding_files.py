"""The files that a digest covers: those that decide what is deployed, in any folder and with or without git."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from model_serving.review.plan.decided_by import decided_by
from model_serving.review.plan.deciding_files import deciding_files
from model_serving.review.plan.state_secrets import state_secrets

PROJECT = Path(__file__).resolve().parents[3]
DECIDING = (
    "Pulumi.yaml",
    "__main__.py",
    "components/args.py",
    "model_serving/errors.py",
    "policies/PulumiPolicy.yaml",
    "pyproject.toml",
    "requirements.txt",
    "stacks/Pulumi.prod.yaml",
    "stacks/base.yaml",
)
OTHERS = (
    ".gitignore",
    ".venv/lib/x.py",
    "README.md",
    "components/__pycache__/args.cpython-311.pyc",
    "docs/review.md",
    "review-prod.txt",
    "review-prod.json",
    "stacks/Pulumi.staging.yaml",
    "stacks/schema.json",
    "tests/test_layers.py",
    "workspace/app.py",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (*DECIDING, *OTHERS):
        file = tmp_path / "project" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path / "project"


def own(folder: Path, stack: str = "prod") -> dict[str, str]:
    """The files of the folder itself: the library is installed elsewhere here."""
    every = deciding_files(folder, stack, ["policies"])
    return {name: content for name, content in every.items() if (folder / name).exists()}


def test_deciding_files_are_listed(folder: Path) -> None:
    assert sorted(own(folder)) == sorted(DECIDING)


@pytest.mark.parametrize("name", DECIDING)
def test_an_edit_of_a_deciding_file_counts(name: str, folder: Path) -> None:
    before = own(folder)
    (folder / name).write_text("edited")
    after = own(folder)
    assert {each for each in before if before[each] != after[each]} == {name}


def test_path_times_and_git_do_not_count(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "checkout"
    shutil.copytree(folder, copy)
    for file in copy.rglob("*"):
        os.utime(file, (0, 0))
    subprocess.run(["git", "init", "--quiet"], cwd=copy, check=True)
    assert deciding_files(copy, "prod", ["policies"]) == deciding_files(folder, "prod", ["policies"])


def test_a_file_of_another_stack_does_not_count(folder: Path) -> None:
    assert set(own(folder, "staging")) - set(own(folder)) == {"stacks/Pulumi.staging.yaml"}


def test_the_salt_of_the_passphrase_does_not_count(folder: Path) -> None:
    """Pulumi writes it into the file while it previews."""
    file = folder / "stacks" / "Pulumi.prod.yaml"
    file.write_text("config:\n  a:b: c\n")
    before = own(folder)
    file.write_text("config:\n  a:b: c\nencryptionsalt: v1:x:y\n")
    assert own(folder) == before


HIDDEN = (
    'config:\n  a:b: "x\nencryptionsalt: {}\n  y"\n',
    'config:\n  a:b: "x\nencryptionsalt: {}\n  y"\nencryptionsalt: v1:x:y\n',
    "{{config: {{a: b,\nencryptionsalt: {}\n}}}}\n",
    "{{config: {{a: b}},\nencryptionsalt: v1:x, more: {}\n}}\n",
    '# \u2028\nconfig:\n  a:b: "\nencryptionsalt: {}"\n"encryptionsalt": v1:x:y\n',
)


@pytest.mark.parametrize("text", HIDDEN)
def test_a_line_that_looks_like_a_salt_counts(folder: Path, text: str) -> None:
    """It may be a part of a value: two such files are not the same."""
    file = folder / "stacks" / "Pulumi.prod.yaml"
    found = []
    for value in ("v1:one", "v1:two"):
        file.write_text(text.format(value))
        found.append(own(folder))
    assert found[0] != found[1]


ROLLOUT = """
config:
  model-serving:endpoints:
    fraud:
      smoke: [{file: requests/one.json}]
      rollout:
        steps: [5]
        bake: 10m
        gate:
          command: [sh, docs/check.sh, -c, ../outside.sh, "%s"]
          shadow: {requests: requests/all.json, agreement_at_least: 99%%}
"""


def test_files_of_a_gate_count(folder: Path) -> None:
    """In a folder whose files decide nothing else, and in base.yaml, too."""
    gate = ("docs/check.sh", "stacks/requests/one.json", "stacks/requests/all.json")
    for name in (*gate, "../outside.sh"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    assert sorted(own(folder)) == sorted(DECIDING)
    for name in ("base", "Pulumi.prod"):
        (folder / "stacks" / f"{name}.yaml").write_text(ROLLOUT % ("x" * 5000))
        assert sorted(own(folder)) == sorted((*DECIDING, *gate))
        before = own(folder)
        (folder / "docs" / "check.sh").write_text(f"edited for {name}")
        assert before["docs/check.sh"] != own(folder)["docs/check.sh"]
        (folder / "stacks" / f"{name}.yaml").write_text("")


def test_a_new_folder_counts(folder: Path) -> None:
    (folder / "pricing").mkdir()
    (folder / "pricing" / "rules.py").write_text("")
    assert "pricing/rules.py" in own(folder)


def test_a_link_counts_as_a_link(folder: Path) -> None:
    (folder / "model_serving" / "components").symlink_to("../components")
    before = own(folder)
    (folder / "model_serving" / "components").unlink()
    (folder / "model_serving" / "components").symlink_to("../docs")
    assert [name for name in before if before[name] != own(folder).get(name)] == ["model_serving/components"]


def test_the_installed_library_counts(folder: Path) -> None:
    found = {*deciding_files(folder, "prod", [])}
    assert {"model_serving/errors.py", "installed-model_serving/errors.py"} <= found
    shutil.rmtree(folder / "model_serving")
    found = {*deciding_files(folder, "prod", [])}
    assert {"model_serving/errors.py", "model_serving/components/args.py"} <= found
    assert not [name for name in found if "/workspace/" in name]


def test_a_policy_pack_elsewhere_counts(folder: Path, tmp_path: Path) -> None:
    pack = tmp_path / "company-rules"
    pack.mkdir()
    (pack / "__main__.py").write_text("")
    assert "pack-company-rules/__main__.py" in deciding_files(folder, "prod", [str(pack)])


def test_this_project_lists_its_own_files_once() -> None:
    found = deciding_files(PROJECT, "local", ["policies"])
    assert {name.partition("/")[0] for name in found} == {
        *("components", "policies", "model_serving", "stacks"),
        *("Pulumi.yaml", "__main__.py", "pyproject.toml"),
        *(file.name for file in PROJECT.glob("requirements*") if file.suffix in {".txt", ".in"}),
    }
    assert not [name for name in found if name.startswith("model_serving/components/")]


def test_the_engine_s_version_counts(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = os.environ["PATH"]
    for version in ("3.998.0", "3.999.0"):
        fake = tmp_path / version / "pulumi"
        fake.parent.mkdir()
        fake.write_text(f"#!/bin/sh\necho v{version}\n")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{fake.parent}:{path}")
        assert decided_by(folder, "prod", []).versions["pulumi"] == version


def test_the_shell_s_host_counts_where_no_file_names_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_HOST", "https://shell.example/")
    assert decided_by(folder, "prod", []).workspace == "https://shell.example"
    (folder / "stacks" / "Pulumi.prod.yaml").write_text("config:\n  databricks:host: https://file.example\n")
    assert decided_by(folder, "prod", []).workspace == ""


def test_secrets_in_the_state_are_told_apart() -> None:
    def export(ciphertext: str) -> dict[str, object]:
        secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": ciphertext}
        resource = {"urn": "urn:pulumi:p::m::t::s", "custom": True, "outputs": {"secret": secret, "id": "7"}}
        return {"deployment": {"resources": [resource]}}

    assert state_secrets(export("one")) == state_secrets(export("one"))
    assert state_secrets(export("one")) != state_secrets(export("two"))
    assert state_secrets({"deployment": {"resources": []}}) == ""
