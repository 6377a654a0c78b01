"""GitLab's pipeline: valid by GitLab's own schema, and none of its jobs goes on after a failure.

The schema is that of GitLab's editor (gitlab.com/gitlab-org/gitlab, app/assets/javascripts/editor/schema/ci.json), as
check-jsonschema 0.39.0 has it; its licence is beside it.
"""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.unit.delivery.test_pipeline import played
from toolchain import versions

PROJECT = Path(__file__).resolve().parents[3]
FILE = PROJECT / ".gitlab-ci.yml"
SCHEMA = Path(__file__).parent / "gitlab_schema" / "ci.json"
ENGINE = ("review", ".deploy", "deploy-by-hand", "drift")


@pytest.fixture(scope="module")
def pipeline() -> dict[str, Any]:
    found = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def script(job: dict[str, Any]) -> list[str]:
    """The lines of a script, those of anchors included."""
    lines = [[each] if isinstance(each, str) else each for each in job["script"]]
    return [line for part in lines for line in part]


def test_gitlab_s_schema_accepts_the_file(pipeline: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(pipeline)


def test_gitlab_s_schema_rejects_a_wrong_key(pipeline: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    wrong = {**pipeline, "check": {**pipeline["check"], "scripts": []}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema).validate(wrong)


def test_jobs_install_a_verified_engine(pipeline: dict[str, Any]) -> None:
    assert pipeline["variables"]["ENGINE"] == versions.NEWEST_TESTED
    assert "sha256sum --check --strict" in pipeline[".engine"]["before_script"][0]
    needing = {
        name for name, job in pipeline.items() if isinstance(job, dict) and "make setup" in job.get("script", ())
    }
    assert needing == set(ENGINE)
    assert "cache" not in pipeline["default"]


def test_prod_is_deployed_after_staging(pipeline: dict[str, Any]) -> None:
    stages = pipeline["stages"]
    assert stages.index(pipeline["deploy-staging"]["stage"]) < stages.index(pipeline["deploy-prod"]["stage"])
    assert pipeline["deploy-prod"]["needs"] == ["deploy-staging"]


@pytest.mark.parametrize("job", ENGINE)
def test_the_host_is_checked_before_any_sign_in(pipeline: dict[str, Any], job: str) -> None:
    lines = script(pipeline[job])
    ready = next(n for n, line in enumerate(lines) if line.startswith("make ready"))
    assert lines[ready + 1] == 'eval "$(make -s sign-in)"'
    assert not any("review STACK" in line or "deploy STACK" in line for line in lines[:ready])


@pytest.mark.parametrize("job", ["check", "review"])
def test_a_merge_request_is_judged_by_its_target(pipeline: dict[str, Any], job: str) -> None:
    lines = script(pipeline[job])
    assert lines[1:2] == ["git checkout --quiet --detach FETCH_HEAD"]
    assert lines[3] == 'make take HEAD="$HEAD"'


@pytest.mark.parametrize("job", ["review", ".deploy"])
@pytest.mark.parametrize(
    ("changed", "fails", "status", "goes_on"),
    [('["prod"]', "nothing", 0, True), ('["staging"]', "nothing", 0, False), ("[]", "changed-stacks", 2, False)],
    ids=["changed", "unchanged", "git fails"],
)
def test_jobs_continue_for_changed_stacks_only(
    job: str, changed: str, fails: str, status: int, *, goes_on: bool, pipeline: dict[str, Any], tmp_path: Path
) -> None:
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\n")
    git.chmod(0o755)
    ended, asked = played(script(pipeline[job]), tmp_path, changed, fails)
    assert (ended, "setup" in asked) == (status, goes_on)


@pytest.mark.parametrize("target", ["ready", "deploy", "smoke"])
def test_a_failed_step_fails_the_deployment(pipeline: dict[str, Any], target: str, tmp_path: Path) -> None:
    ended, asked = played(script(pipeline[".deploy"]), tmp_path, '["prod"]', f"{target} STACK")
    assert (ended, any("outputs" in each for each in asked)) == (2, False)
