"""The throwaway copy of a state: what it holds, who may read it, and what is said where it can't be made."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model_serving.databricks.special_values import SECRET_SIGNATURE, SIGNATURE_KEY
from model_serving.review.plan.run import preview
from model_serving.review.plan.state_copy import copy
from model_serving.review.plan.state_copy.checkpoint import secret_inputs, without_secrets
from model_serving.review.plan.state_copy.reads import Observation
from model_serving.review.plan.state_copy.source import Source
from model_serving.review.plan.state_copy.state_update import bring_up_to_date
from model_serving.review.plan.state_copy.unread import unread_notice

PROJECT = Path(__file__).resolve().parents[3]
CIPHERTEXT = {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": "v1:nonce:text"}
TOKEN = "databricks:index/token:Token"
FAKE = """#!{python}
import json, os, pathlib, sys, time
place, arguments = pathlib.Path({place!r}), sys.argv[1:]
def value(name):
    return pathlib.Path(arguments[arguments.index(name) + 1])
run = {{"arguments": arguments, **{{name: os.environ.get(name) for name in {kept!r}}}}}
backend = os.environ.get("PULUMI_BACKEND_URL", "")
if arguments[:2] == ["stack", "export"]:
    value("--file").write_text((place / "export.json").read_text())
else:
    copies = pathlib.Path(backend.removeprefix("file://"))
    run["state"] = [json.loads(file.read_text()) for file in copies.glob(".pulumi/stacks/*/*.json")]
    run["mode"] = copies.stat().st_mode if copies.is_dir() else 0
    if "--config-file" in arguments:
        run["config"] = value("--config-file").read_text()
with (place / "runs").open("a") as runs:
    runs.write(json.dumps(run) + "\\n")
scripted = place / (arguments[0] + ".json")
outcomes = json.loads(scripted.read_text()) if scripted.exists() else []
outcome = outcomes.pop(0) if outcomes else {{}}
if scripted.exists():
    scripted.write_text(json.dumps(outcomes))
if "--event-log" in arguments:
    events = outcome.get("events", [{{"summaryEvent": {{}}}}])
    value("--event-log").write_text("".join(json.dumps(event) + "\\n" for event in events))
print(outcome.get("prints", ""))
time.sleep(outcome.get("seconds", 0))
sys.exit(outcome.get("status", 0))
"""
KEPT = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_BACKEND_URL")


def resource(kind: str, name: str, **inputs: Any) -> dict[str, Any]:
    return {
        "urn": f"urn:pulumi:dev::shop::{kind}::{name}",
        "type": kind,
        "inputs": inputs,
        "outputs": {"a": CIPHERTEXT},
    }


class Project:
    """A project with a stack `dev` and a `pulumi` that records how it is run, with the state that it gets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "stacks").mkdir()
        (folder / "Pulumi.yaml").write_text("name: shop\n", encoding="utf-8")
        self.own_file = folder / "stacks" / "Pulumi.dev.yaml"
        self.configure("config:\n  databricks:host: http://127.0.0.1:1\n")
        self.export({"resources": [resource("a:b:C", "one")], "secrets_providers": {"type": "passphrase"}})
        fake = folder / "bin" / "pulumi"
        fake.parent.mkdir()
        fake.write_text(FAKE.format(python=sys.executable, place=str(folder), kept=KEPT), encoding="utf-8")
        fake.chmod(0o755)

    def configure(self, text: str) -> None:
        self.own_file.write_text(f"{text}encryptionsalt: v1:own:salt\n", encoding="utf-8")

    def export(self, deployment: dict[str, Any]) -> None:
        exported = {"version": 3, "deployment": deployment}
        (self.folder / "export.json").write_text(json.dumps(exported), encoding="utf-8")

    def script(self, command: str, *outcomes: dict[str, Any]) -> None:
        """What each run of a command does, in order."""
        (self.folder / f"{command}.json").write_text(json.dumps(outcomes), encoding="utf-8")

    def runs(self, command: str) -> list[dict[str, Any]]:
        lines = (self.folder / "runs").read_text(encoding="utf-8").splitlines()
        return [run for run in map(json.loads, lines) if run["arguments"][0] == command]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_BACKEND_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(copy, "observed_workspace", lambda *_: Observation("reviewer"))
    return made


def left_behind(project: Project) -> Iterator[Path]:
    return project.folder.glob("model-serving-*")


def test_the_copy_is_private_and_deleted(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "own")
    assert preview("dev", project.folder, refresh=True).errors == ()
    (refresh,), (shown,) = project.runs("refresh"), project.runs("preview")
    assert stat.S_IMODE(refresh["mode"]) == stat.S_IMODE(shown["mode"]) == 0o700
    (state,) = refresh["state"]
    assert (state["version"], state["checkpoint"]["stack"]) == (3, "organization/shop/dev")
    assert state["checkpoint"]["latest"] == json.loads((project.folder / "export.json").read_text())["deployment"]
    assert refresh["PULUMI_CONFIG_PASSPHRASE"] == shown["PULUMI_CONFIG_PASSPHRASE"] == "own"
    assert project.runs("stack")[0]["PULUMI_BACKEND_URL"] is None
    assert "--refresh" not in shown["arguments"]
    assert not [*left_behind(project)]


def test_without_passphrase_secrets_are_placeholders(project: Project) -> None:
    assert preview("dev", project.folder, refresh=True).errors == ()
    (refresh,), (shown,) = project.runs("refresh"), project.runs("preview")
    (state,) = refresh["state"]
    assert "ciphertext" not in json.dumps(state)
    assert state["checkpoint"]["latest"]["resources"][0]["outputs"]["a"]["plaintext"] == '"placeholder of a review"'
    assert "secrets_providers" not in state["checkpoint"]["latest"]
    assert refresh["config"] == "config:\n  databricks:host: http://127.0.0.1:1\n"
    assert refresh["PULUMI_CONFIG_PASSPHRASE"] == shown["PULUMI_CONFIG_PASSPHRASE"] != ""
    assert project.own_file.read_text(encoding="utf-8").endswith("encryptionsalt: v1:own:salt\n")


@pytest.mark.parametrize("refresh", [True, False])
def test_encrypted_values_need_the_passphrase(project: Project, *, refresh: bool) -> None:
    project.configure("config:\n  model-serving:default_tags: {team: {secure: v1:a:b}}\n")
    (error,) = preview("dev", project.folder, refresh=refresh).errors
    assert error == (
        "Stack dev has encrypted values (model-serving:default_tags.team), which decide what is deployed."
        " Set PULUMI_CONFIG_PASSPHRASE to review it: they can't be compared without it"
    )
    project.configure("config: {}\n")
    project.export({"resources": [resource("a:b:C", "one", password=CIPHERTEXT)]})
    assert "(one), which decide" in preview("dev", project.folder, refresh=refresh).errors[0]
    assert not (project.folder / "runs").read_text(encoding="utf-8").count('"preview"')


def test_an_empty_passphrase_counts_as_none(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipeline sets a secret that it doesn't have to nothing. It may also be the stack's passphrase."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    assert preview("dev", project.folder, refresh=True).errors == ()
    assert "placeholder" in json.dumps(project.runs("refresh")[0]["state"])
    project.configure("config:\n  model-serving:default_tags: {team: {secure: v1:a:b}}\n")
    assert preview("dev", project.folder, refresh=True).errors == ()
    assert "ciphertext" in json.dumps(project.runs("refresh")[1]["state"])
    project.script("refresh", {"status": 255, "events": [], "prints": "error: incorrect passphrase"})
    (error,) = preview("dev", project.folder, refresh=True).errors
    assert error.startswith("Stack dev has encrypted values (model-serving:default_tags.team)")


def test_a_key_service_keeps_its_own_key(project: Project) -> None:
    text = "config: {}\nsecretsprovider: awskms://alias/x\nencryptedkey: abc\n"
    project.own_file.write_text(text, encoding="utf-8")
    assert preview("dev", project.folder, refresh=True).errors == ()
    (refresh,) = project.runs("refresh")
    assert "--config-file" not in refresh["arguments"]
    assert "ciphertext" in json.dumps(refresh["state"])


@pytest.mark.parametrize(
    "text",
    ["config: {}\nenvironment: [databricks]\n", "config: {a:b: {secure: v1:a:b}}\n"],
    ids=["an imported environment", "values that only the backend decrypts"],
)
def test_what_only_pulumi_cloud_can_open_is_read_there(project: Project, text: str) -> None:
    project.own_file.write_text(text, encoding="utf-8")
    project.export({"resources": [resource("a:b:C", "one")], "secrets_providers": {"type": "service"}})
    assert preview("dev", project.folder, refresh=True).errors == ()
    (shown,) = project.runs("preview")
    assert (shown["PULUMI_BACKEND_URL"], "--refresh" in shown["arguments"]) == (None, True)


def test_a_preview_without_refresh_reads_the_state_itself(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "own")
    preview("dev", project.folder)
    (shown,) = project.runs("preview")
    assert (shown["PULUMI_BACKEND_URL"], project.runs("stack")) == (None, [])


def denial(name: str, message: str) -> list[dict[str, Any]]:
    urn = f"urn:pulumi:dev::shop::{TOKEN}::{name}"
    failed = [{"diagnosticEvent": {"severity": "error", "urn": urn, "message": message}}]
    return [*failed, {"diagnosticEvent": {"severity": "error", "message": "update failed"}}]


def test_a_refused_type_is_left_out_once(project: Project) -> None:
    project.export({"resources": [resource(TOKEN, "one"), resource(TOKEN, "two"), resource("a:b:C", "other")]})
    project.script("refresh", {"status": 255, "events": denial("one", "User does not have permission 'View'")})
    found = preview("dev", project.folder, refresh=True)
    (notice,) = found.notices
    assert notice.text.startswith("The identity `reviewer` may not read Token (`one`, `two`); ")
    assert found.errors == ()
    first, second = project.runs("refresh")
    excluded = [f"urn:pulumi:dev::shop::{TOKEN}::{name}" for name in ("one", "two")]
    assert "--exclude" not in first["arguments"]
    assert [each for each in second["arguments"] if each.startswith("urn:")] == excluded


@pytest.mark.parametrize("message", ["500 (Internal error)", "does not have permission"], ids=["other", "twice"])
def test_any_other_failure_is_an_error(project: Project, message: str) -> None:
    project.export({"resources": [resource(TOKEN, "one")]})
    failure = {"status": 255, "events": denial("one", message)}
    project.script("refresh", failure, failure)
    found = preview("dev", project.folder, refresh=True)
    assert (found.errors, found.complete) == ((message,), False)
    assert not [*left_behind(project)]


def test_a_missing_stack_is_an_error(project: Project) -> None:
    (project.folder / "export.json").unlink()
    (error,) = preview("dev", project.folder, refresh=True).errors
    assert "export.json" in error


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_leaves_no_copy(project: Project, number: signal.Signals) -> None:
    project.script("refresh", {"seconds": 20})
    with subprocess.Popen(
        [sys.executable, "-P", "-c", INTERRUPTED.format(str(project.folder))],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        until = time.monotonic() + 20
        while not (project.folder / "reading").exists() and time.monotonic() < until:
            time.sleep(0.01)
        assert [*left_behind(project)]
        run.send_signal(number)
        run.communicate(timeout=20)
    assert run.returncode == 1 if number is not signal.SIGINT else run.returncode != 0
    assert not [*left_behind(project)]


INTERRUPTED = """
import pathlib, sys, time
from model_serving.review.plan.run import preview
from model_serving.review.plan.state_copy import copy
folder = pathlib.Path({!r})
def read(*_):
    (folder / "reading").touch()
    time.sleep(30)
copy.observed_workspace = read
preview("dev", folder, refresh=True)
"""


def source(project: Project, **more: Any) -> Source:
    return Source("dev", project.folder, os.environ, is_copy=True, **more)


def refreshed(old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    return {"resOutputsEvent": {"metadata": {"op": "refresh", "urn": "u", "old": old, "new": new}}}


def test_the_stacks_state_is_refreshed_only_if_it_differs(project: Project, tmp_path: Path) -> None:
    same = refreshed({"outputs": {"a": 1}}, {"outputs": {"a": 1}})
    assert bring_up_to_date(source(project, events=(same,)), tmp_path) == ""
    assert not (project.folder / "runs").exists()
    for event in (
        refreshed({"outputs": {"a": 1}}, {"outputs": {"a": 2}}),
        refreshed({"outputs": {}}, None),
        refreshed({"outputs": {}, "initErrors": ["failed"]}, {"outputs": {}}),
    ):
        assert bring_up_to_date(source(project, events=(event,), excluded=frozenset({"urn:x"})), tmp_path) == ""
        assert project.runs("refresh")[-1]["arguments"][-2:] == ["--exclude", "urn:x"]
    assert bring_up_to_date(source(project, is_pending=True), tmp_path) == ""
    assert len(project.runs("refresh")) == 4


def test_access_lists_are_written_into_the_stacks_state(project: Project, tmp_path: Path) -> None:
    one = resource("a:b:C", "one")
    lists = {one["urn"]: {**one, "inputs": {"accessControls": ["live"]}, "outputs": {"accessControls": ["live"]}}}
    assert bring_up_to_date(source(project, access_lists=lists), tmp_path) == ""
    commands = [run["arguments"][:2] for run in project.runs("stack")]
    assert commands == [["stack", "export"], ["stack", "import"]]
    (imported,) = json.loads((tmp_path / "state.json").read_text(encoding="utf-8"))["deployment"]["resources"]
    assert (imported["inputs"], imported["outputs"]) == (
        {"accessControls": ["live"]},
        {"accessControls": ["live"]},
    )


def test_deliveries_are_no_secret_inputs() -> None:
    delivery = resource("pulumi-python:dynamic/model-serving:SecretDelivery", "risk", clientSecret=CIPHERTEXT)
    nested = resource("a:b:C", "nested", config={"entities": [{"password": CIPHERTEXT}]})
    export = {"version": 3, "deployment": {"resources": [delivery, nested]}}
    assert secret_inputs(export) == ["nested"]
    assert "ciphertext" not in json.dumps(without_secrets(export))


def test_many_unread_resources_are_counted() -> None:
    assert unread_notice("reviewer", {}) == ()
    (notice,) = unread_notice("reviewer", {"grants": [f"g{n}" for n in range(7)], "endpoints": ["b", "a"]})
    assert notice.text == (
        "The identity `reviewer` may not read endpoints (`a`, `b`) and grants (`g0`, `g1`, `g2`, `g3`, `g4` and 2"
        " more); the report shows them as of the last deployment"
    )
