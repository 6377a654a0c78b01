"""Every section of docs/troubleshooting.md: its message appears, and its commands help."""

import json
import re
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.running_workspace import running_workspace
from tests.support.sandbox import Sandbox
from tests.support.snapshots import Snapshots
from tests.support.troubleshooting import section, sections

UP = ("up", "--yes", "--skip-preview")
TRAFFIC = ("stacks/base.yaml", "{champion: 95, challenger: 5}", "{champion: 50, challenger: 50}")
ENDPOINTS = "/api/2.0/serving-endpoints"
ELSEWHERE = {
    "A run was killed": "tests/engine/components/test_unrecorded_endpoints.py",
    "An endpoint exists already": "tests/engine/components/test_unrecorded_endpoints.py",
    "The deployment of an endpoint failed": "tests/engine/components/test_lost_updates.py",
    "A rollout stopped halfway": "tests/engine/delivery/test_rollouts.py",
    "An endpoint is stopped": "tests/http/operations/test_query.py",
}
"""Sections that other tests follow, which break the same thing anyway."""


def test_every_section_is_followed_by_a_test() -> None:
    here = set(re.findall(r'= section\("(.+)"\)', Path(__file__).read_text(encoding="utf-8")))
    assert here | set(ELSEWHERE) == set(sections())
    for heading, file in ELSEWHERE.items():
        assert f'section("{heading}")' in Path(file).read_text(encoding="utf-8"), file


def test_locked_stack_is_unlocked(deployed: Sandbox) -> None:
    entry = section("The stack is locked")
    state = Path(urlsplit(deployed.environment["PULUMI_BACKEND_URL"]).path) / ".pulumi"
    lock = state / "locks" / "organization" / "model-serving" / "local"
    lock.mkdir(parents=True, exist_ok=True)
    holder = {"pid": 4711, "username": "ann", "hostname": "ci-7", "timestamp": "2026-11-20T10:00:00Z"}
    (lock / "4711.json").write_text(json.dumps(holder), encoding="utf-8")
    before = deployed.workspace.writes()
    refused = deployed.pulumi(*UP, check=False)
    assert refused.refused
    assert entry.shows(refused.text), refused.text
    assert entry.follow(deployed).status == 0
    deployed.pulumi(*UP, "--expect-no-changes")
    assert deployed.workspace.writes() == before


def test_refused_digest_is_deployed_after_approval(deployed: Sandbox) -> None:
    entry = section("The approved digest is refused")
    deployed.edit(*TRAFFIC)
    before = deployed.workspace.writes()
    refused = entry.follow(deployed, DIGEST="0123456789abcdef")
    assert refused.status == 2
    assert entry.shows(refused.text), refused.text
    assert deployed.workspace.writes() == before
    digest = re.search(r"digest now: +(\w+)", refused.text)
    assert digest
    done = entry.follow(deployed, DIGEST=digest[1])
    assert done.status == 0, done.text
    assert deployed.workspace.writes()[len(before) :] == [f"PUT {ENDPOINTS}/fraud-scorer/config"]


def test_lost_passphrase_costs_only_the_secrets(deployed: Sandbox) -> None:
    entry = section("The passphrase is lost")
    before, given = deployed.workspace.writes(), deployed.outputs()["service_principals"]["checkout"]["client_secret"]
    refused = deployed.pulumi("preview", check=False, PULUMI_CONFIG_PASSPHRASE="not this one")
    assert entry.shows(refused.text), refused.text
    deployed.edit("stacks/base.yaml", "oauth_secret: true", "oauth_secret: {generation: 2}")
    done = entry.follow(deployed, typed="a new one\n")
    assert done.status == 0, done.text
    assert [write.partition(" ")[0] for write in deployed.workspace.writes()[len(before) :]] == ["POST"]
    entered = Sandbox(
        deployed.folder, deployed.workspace, {**deployed.environment, "PULUMI_CONFIG_PASSPHRASE": "a new one"}
    )
    entered.pulumi("preview", "--expect-no-changes")
    outputs = entered.outputs()
    assert outputs["service_principals"]["checkout"]["client_secret"] not in ("", None, given)


def test_stopped_workspace_ends_the_run_and_the_next_continues(snapshots: Snapshots, tmp_path: Path) -> None:
    entry = section("The workspace does not answer")
    with snapshots.initialized() as sandbox:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            options = ("--ready-after", "3", "--port", str(probe.getsockname()[1]))
        sandbox.pulumi("config", "set", "databricks:retryTimeoutSeconds", "20")
        with running_workspace(tmp_path / "workspace.db", *options) as first:
            sandbox.edit("stacks/Pulumi.local.yaml", sandbox.workspace.url, first.url)
            shell = {**sandbox.environment, "DATABRICKS_TOKEN": first.token}
            run = subprocess.Popen(
                ["pulumi", *UP, "--non-interactive", "--color", "never"],
                cwd=sandbox.folder,
                env=shell,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            while len(first.get(ENDPOINTS).get("endpoints", [])) < 3:
                assert run.poll() is None
                time.sleep(0.1)
        stopped = time.monotonic()
        printed, _ = run.communicate(timeout=120)
        assert (run.returncode != 0, time.monotonic() - stopped < 90) == (True, True), printed
        assert entry.shows(printed), printed
        assert "Traceback" not in printed
        refused = sandbox.pulumi("preview", check=False, DATABRICKS_TOKEN=first.token)
        assert entry.shows(refused.text), refused.text
        with running_workspace(tmp_path / "workspace.db", *options) as again:
            done = entry.follow(Sandbox(sandbox.folder, again, shell))
            assert done.status == 0, done.text
            created = [write for write in again.writes() if write == f"POST {ENDPOINTS}"]
            assert len(created) == 3


def test_new_token_replaces_a_rejected_one(deployed: Sandbox) -> None:
    entry = section("The workspace rejects the credentials")
    refused = deployed.pulumi("preview", check=False, DATABRICKS_TOKEN="expired")
    assert entry.shows(refused.text), refused.text
    done = entry.follow(deployed, typed=f"{deployed.workspace.token}\n")
    assert done.status == 0, done.text


def test_unavailable_service_is_named(project: Sandbox) -> None:
    entry = section("Model Serving is not available")
    message = "Model serving is not enabled for your shard. Please contact your organization admin or support."
    fault = {"pattern": f"POST {ENDPOINTS}", "status": 403, "error_code": "FEATURE_DISABLED", "message": message}
    project.workspace.post("/_workspace/faults", {**fault, "times": 3})
    refused = project.pulumi(*UP, check=False)
    assert refused.refused
    assert entry.shows(refused.text), refused.text
    project.workspace.delete("/_workspace/faults")
    done = entry.follow(project)
    assert done.status == 0, done.text
