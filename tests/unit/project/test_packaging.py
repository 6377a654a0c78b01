"""What the package says of itself agrees with its lock files and its policy pack."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import model_serving

PROJECT = Path(__file__).resolve().parents[3]
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-tools.txt")


def pyproject() -> dict[str, Any]:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


def locked(file: str) -> dict[str, str]:
    """The version of each package in a lock file."""
    text = (PROJECT / file).read_text(encoding="utf-8")
    return {canonicalize_name(name): version for name, version in re.findall(r"^(\S+)==(\S+)", text, re.MULTILINE)}


def unmet(requirements: list[str], lock: dict[str, str]) -> list[str]:
    """The requirements that the lock file doesn't meet."""
    parsed = [Requirement(each) for each in requirements]
    return [
        str(each) for each in parsed if not each.specifier.contains(lock.get(canonicalize_name(each.name), "0.dev0"))
    ]


def test_lock_files_meet_the_requirements() -> None:
    project = pyproject()["project"]
    runtime = [*project["dependencies"], *project["optional-dependencies"]["workspace"]]
    development = pyproject()["dependency-groups"]["dev"]
    tools = (PROJECT / "requirements-tools.in").read_text(encoding="utf-8").splitlines()
    assert unmet(runtime, locked("requirements.txt")) == []
    assert unmet([*runtime, *development], locked("requirements-dev.txt")) == []
    assert unmet([line for line in tools if not line.startswith("#")], locked("requirements-tools.txt")) == []


def test_development_runs_what_users_run() -> None:
    assert locked("requirements.txt").items() <= locked("requirements-dev.txt").items()


@pytest.mark.parametrize("file", LOCKS)
def test_every_locked_package_has_hashes_and_no_registry(file: str) -> None:
    text = (PROJECT / file).read_text(encoding="utf-8")
    packages = [each for each in re.split(r"\n(?=\S)", text) if not each.startswith("#")]
    assert [each.split()[0] for each in packages if "--hash=sha256:" not in each] == []
    assert "://" not in text


def test_both_policy_packs_have_the_version_of_the_package() -> None:
    files = [PROJECT / "policies" / name for name in ("PulumiPolicy.yaml", "PulumiPolicy.wheel.yaml")]
    checkout, wheel = (yaml.safe_load(file.read_text(encoding="utf-8")) for file in files)
    assert checkout["version"] == model_serving.__version__
    assert checkout["runtime"]["options"].pop("virtualenv") == "../.venv"
    assert wheel["runtime"]["options"].pop("virtualenv") == "../../../../.."
    assert wheel == checkout
