"""The workflows with their real commands, where no stack is previewed: nothing may be sent, and the gate says why."""

import os
import socket
from collections.abc import Iterator

import pytest

from tests.support.workflow_runner import events
from tests.support.workflow_runner.pipeline import CODE, KEY, PIPELINE, Pipeline, environments, pipeline

HOSTS = {"prod": "https://prod.cloud.databricks.example", "staging": "https://staging.cloud.databricks.example"}
PROD = "stacks/Pulumi.prod.yaml"


@pytest.fixture(scope="module")
def made(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:  # noqa: ARG001  it must be there
    machine = {"PATH": os.environ["PATH"], "PULUMI_SKIP_UPDATE_CHECK": "true"}
    with pipeline(tmp_path_factory.mktemp("github") / "repository", (*PIPELINE, *CODE), machine) as made:
        made.repository.environments = environments(tuple(HOSTS), HOSTS, {"PULUMI_CONFIG_PASSPHRASE": "planted-phrase"})
        made.repository.variables["PULUMI_BACKEND_URL"] = "s3://state"
        yield made


def edit(made: Pipeline, file: str, old: str, new: str) -> None:
    path = made.clone / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_foreign_host_gets_no_credential(made: Pipeline) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        address = f"http://0.0.0.0:{foreign.getsockname()[1]}"
        edit(made, PROD, HOSTS["prod"], address)
        opened = made.open()
        job = opened.review().jobs["review (prod)"]
        assert job.result == "failure"
        assert f'databricks:host is "{address}"' in job.log
        assert "no credential was sent" in job.log
        assert f"{PROD} has no encryptionsalt" in job.log
        ran = [step.name for step in job.steps if step.outcome != "skipped"]
        assert "Check before any credential is sent" in ran
        assert not {"Sign in to the state", "Review", "Comment"} & set(ran)
        foreign.settimeout(0)
        with pytest.raises(BlockingIOError):
            foreign.accept()
    assert opened.status == ("failure", "The review failed: see the comments for prod")
    assert not {KEY, "planted-phrase"} & set(job.log.split())


def test_a_fork_s_stack_files_are_not_reviewed(made: Pipeline) -> None:
    edit(made, PROD, "Medium", "Large")
    opened = made.open("visitor", "visitor/models")
    run = opened.review()
    assert run.results == {"check": "success", "review": "skipped", "gate": "failure"}, run.log
    text = "Not reviewed, without credentials: prod. A maintainer pushes the commit to a branch here"
    assert opened.status == ("failure", text)


def test_dependabot_s_pull_request_stays_blocked(made: Pipeline) -> None:
    (made.clone / "requirements.txt").write_text("# newer\n", encoding="utf-8")
    opened = made.open(events.DEPENDABOT)
    run = opened.review()
    assert run.results == {"check": "success", "review": "skipped", "gate": "failure"}, run.log
    assert "GitHub gives the runs of Dependabot's pull requests a token that only reads" in run.log
    assert opened.status == ("", "")


def test_a_change_of_the_documentation_passes_the_gate(made: Pipeline) -> None:
    (made.clone / "docs").mkdir()
    (made.clone / "docs" / "page.md").write_text("x", encoding="utf-8")
    opened = made.open()
    run = opened.review()
    assert run.results == {"check": "success", "review": "skipped", "gate": "success"}, run.log
    assert opened.status == ("success", "No stack is changed")
