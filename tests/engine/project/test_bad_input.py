"""What a user can get wrong about hosts, credentials, passphrases and backends: one sentence each, soon, no write."""

import json
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.support.running_workspace import PROJECT
from tests.support.sandbox import Sandbox
from tests.support.snapshots import Snapshots

SECRET = "planted-secret"
BOUND_SECONDS = 30
# One process for all commands: starting it costs more than most of them.
RUN_COMMANDS = """
import contextlib, io, json, sys, time
from model_serving.cli.main import main

results = []
for command in json.loads(sys.argv[1]):
    printed, began = io.StringIO(), time.monotonic()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        status = main(command)
    results.append([status, printed.getvalue(), time.monotonic() - began])
print(json.dumps(results))
"""
STACK = ("--stack", "local")
WITH_ENGINE = (("review", *STACK, "--refresh"), ("deploy", *STACK, "--reviewed", "0" * 32))
PLANS = (*WITH_ENGINE, ("drift", *STACK))
REQUESTS = (("smoke", *STACK), ("query", "user-features", *STACK, "--data", "request.json"))
PASSPHRASE = "read -rs PULUMI_CONFIG_PASSPHRASE && export PULUMI_CONFIG_PASSPHRASE"
LOCAL = 'For the embedded workspace of this machine: eval "$(make -s env)"'


@dataclass(frozen=True)
class Mistake:
    """What is wrong, the commands that it ends, and what they say. HOST stands for the host that is written."""

    sentence: str
    host: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    commands: Sequence[tuple[str, ...]] = (*PLANS, *REQUESTS)


MISTAKES = {
    "host refuses": Mistake(
        "The workspace HOST does not answer: [Errno 111] Connection refused"
        " Start the embedded workspace in another terminal: make workspace",
        host="http://127.0.0.1:1",
    ),
    "host is silent": Mistake(
        "The workspace HOST does not answer: timed out",
        host="silent",
        commands=PLANS[:1],  # each of them waits for ten seconds
    ),
    "host does not exist": Mistake(
        "The workspace HOST does not answer: [Errno -2] Name or service not known"
        " Check databricks:host in the stack file, and that this machine can reach it",
        host="https://nothing.invalid",
        commands=PLANS[:1],
    ),
    "host is another server": Mistake(
        "The answer of HOST is not that of a Databricks workspace. Check databricks:host in the stack file",
        host="another server",
        commands=PLANS,
    ),
    "requests to another server": Mistake(
        "HOST is not a Databricks workspace: it issues no OAuth tokens. Check databricks:host in the stack file",
        host="another server",
        commands=REQUESTS,
    ),
    "wrong token": Mistake(
        "The workspace HOST rejects the credentials: Invalid access token."
        " Set DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET, or DATABRICKS_TOKEN, in the environment",
        environment={"DATABRICKS_TOKEN": SECRET},
        commands=PLANS,
    ),
    "wrong OAuth secret": Mistake(
        "The workspace HOST rejects the credentials: invalid_client: Client authentication failed",
        environment={"DATABRICKS_TOKEN": "", "DATABRICKS_CLIENT_ID": "me", "DATABRICKS_CLIENT_SECRET": SECRET},
        commands=PLANS,
    ),
    "no credentials": Mistake(
        "No credentials for HOST are set. Set DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET, or DATABRICKS_TOKEN,",
        environment={"DATABRICKS_TOKEN": ""},
        commands=PLANS,
    ),
    "two kinds of credentials": Mistake(
        "More than one kind of credentials is set: DATABRICKS_TOKEN and DATABRICKS_CLIENT_ID with"
        " DATABRICKS_CLIENT_SECRET. Keep one: unset DATABRICKS_TOKEN or unset DATABRICKS_CLIENT_ID"
        " DATABRICKS_CLIENT_SECRET",
        environment={"DATABRICKS_CLIENT_ID": "me", "DATABRICKS_CLIENT_SECRET": SECRET},
        commands=PLANS,
    ),
    "client id beside a token": Mistake(
        "More than one kind of credentials is set: DATABRICKS_TOKEN and DATABRICKS_CLIENT_ID. Keep one:"
        " unset DATABRICKS_TOKEN or unset DATABRICKS_CLIENT_ID",
        environment={"DATABRICKS_CLIENT_ID": "me"},
        commands=PLANS,
    ),
    "wrong passphrase": Mistake(
        f'PULUMI_CONFIG_PASSPHRASE is not the passphrase of stack "local". Set the right one: {PASSPHRASE}',
        environment={"PULUMI_CONFIG_PASSPHRASE": SECRET},
        commands=(*WITH_ENGINE, *REQUESTS),  # a comparison without the engine needs none
    ),
    "no passphrase": Mistake(
        f'Stack "local" has secrets, and PULUMI_CONFIG_PASSPHRASE is not set. Set it: {PASSPHRASE}. {LOCAL}',
        environment={"PULUMI_CONFIG_PASSPHRASE": "UNSET"},
        commands=REQUESTS,  # reviews need none
    ),
    "backend's folder is missing": Mistake(
        "The state backend file:///nowhere can't be opened: stat /nowhere: no such file or directory."
        " Correct PULUMI_BACKEND_URL, or create the folder",
        environment={"PULUMI_BACKEND_URL": "file:///nowhere"},
    ),
    "backend's scheme is unknown": Mistake(
        "This shell is not signed in to a state backend (bucket://somewhere). Set PULUMI_BACKEND_URL to that of the"
        " team's state (file://, s3://, gs:// or azblob://), or PULUMI_ACCESS_TOKEN for Pulumi Cloud",
        environment={"PULUMI_BACKEND_URL": "bucket://somewhere"},
    ),
    "no login": Mistake(
        "This shell is not signed in to a state backend (Pulumi Cloud). Set PULUMI_BACKEND_URL",
        environment={"PULUMI_BACKEND_URL": "UNSET"},
    ),
    "backend refuses": Mistake(
        "The state backend http://127.0.0.1:1/team does not answer: [Errno 111] Connection refused."
        " Check PULUMI_BACKEND_URL and this machine's network",
        environment={"PULUMI_BACKEND_URL": f"http://me:{SECRET}@127.0.0.1:1/team", "PULUMI_ACCESS_TOKEN": SECRET},
    ),
    "backend is silent": Mistake(
        "does not answer: timed out. Check PULUMI_BACKEND_URL and this machine's network",
        environment={"PULUMI_BACKEND_URL": "silent", "PULUMI_ACCESS_TOKEN": SECRET},
        commands=PLANS[:1],
    ),
}


class _NotAWorkspace(BaseHTTPRequestHandler):
    """A server that has none of the paths."""

    def do_GET(self) -> None:
        body = b"<html>Not here</html>"
        self.send_response(404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, str]]:
    """The addresses of a server that never answers, and of one that is no workspace."""
    other = ThreadingHTTPServer(("127.0.0.1", 0), _NotAWorkspace)
    Thread(target=other.serve_forever, daemon=True).start()
    with socket.create_server(("127.0.0.1", 0)) as silent, other:
        addresses = {"silent": silent.getsockname(), "another server": other.server_address}
        yield {name: f"http://127.0.0.1:{address[1]}" for name, address in addresses.items()}
        other.shutdown()


@pytest.fixture(scope="module")
def deployed(snapshots: Snapshots) -> Iterator[Sandbox]:
    with snapshots.deployed() as sandbox:
        request = {"dataframe_records": [{"user_id": "u-1"}]}
        (sandbox.folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
        yield sandbox


def run(sandbox: Sandbox, commands: Sequence[tuple[str, ...]], **environment: str) -> list[tuple[int, str, float]]:
    """The exit status, the output and the seconds of each command."""
    path = f"{PROJECT}:{sandbox.environment['PYTHONPATH']}"
    shell = {**sandbox.environment, **environment, "PYTHONPATH": path, "COLUMNS": "1000"}
    shell = {name: value for name, value in shell.items() if value != "UNSET"}
    program = [sandbox.python, "-P", "-c", RUN_COMMANDS, json.dumps(commands)]
    ran = subprocess.run(program, cwd=sandbox.folder, env=shell, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return [tuple(result) for result in json.loads(ran.stdout)]


def one_line(text: str) -> str:
    """The text without line ends: what to do stands behind the sentence or on a line of its own."""
    return " ".join(text.split()).replace(". ", " ")


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistake_ends_with_a_sentence_and_no_write(
    deployed: Sandbox, servers: dict[str, str], mistake: Mistake
) -> None:
    url = deployed.workspace.url
    host = servers.get(mistake.host, mistake.host) or url
    environment = {name: servers.get(value, value) for name, value in mistake.environment.items()}
    before = deployed.workspace.writes()
    deployed.edit("stacks/Pulumi.local.yaml", url, host)
    try:
        results = run(deployed, [("check",), *mistake.commands], **environment)
    finally:
        deployed.edit("stacks/Pulumi.local.yaml", host, url)
    assert results[0][0] == 0, "The check needs no workspace"
    for command, (status, printed, seconds) in zip(mistake.commands, results[1:], strict=True):
        assert status == 1, command
        assert one_line(mistake.sentence.replace("HOST", host)) in one_line(printed)
        assert "Traceback" not in printed
        assert SECRET not in printed
        assert seconds < BOUND_SECONDS, command
        assert "Deploying stack" not in printed
    assert deployed.workspace.writes() == before


def test_identity_without_permission_deploys_nothing(deployed: Sandbox) -> None:
    workspace = deployed.workspace
    nobody = workspace.post("/api/2.0/preview/scim/v2/ServicePrincipals", {"displayName": "nobody"})
    place = f"/api/2.0/accounts/servicePrincipals/{nobody['id']}/credentials/secrets"
    credentials = {
        "DATABRICKS_TOKEN": "",
        "DATABRICKS_CLIENT_ID": nobody["applicationId"],
        "DATABRICKS_CLIENT_SECRET": workspace.post(place, {})["secret"],
    }
    before = workspace.writes()
    ((status, printed, _),) = run(deployed, WITH_ENGINE[1:], **credentials)
    assert status == 1
    assert 'Give this identity CAN_VIEW on "fraud-scorer", then run the command again' in one_line(printed)
    assert "Not deployed: " in printed
    assert "Traceback" not in printed
    assert credentials["DATABRICKS_CLIENT_SECRET"] not in printed
    assert workspace.writes() == before
