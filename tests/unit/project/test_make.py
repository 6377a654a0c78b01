"""What `make` prints and sets for a person at a terminal."""

import socket
import subprocess
import sys

from tests.support.running_workspace import PROJECT


def make(*arguments: str) -> "subprocess.CompletedProcess[str]":
    # What is installed is not looked at.
    command = ["make", "-s", "-o", "requirements.txt", *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_targets_are_listed_in_groups() -> None:
    listed = make("help").stdout
    groups = {part.splitlines()[0]: part for part in listed.split("\n\n")}
    assert list(groups) == ["Start", "Every day", "Pipeline", "Maintain this project"]
    assert "  setup  " in groups["Start"]
    assert "  review  " in groups["Every day"]
    assert "  test  " in groups["Maintain this project"]


def test_stack_of_this_machine_gets_its_environment() -> None:
    for target in ("review", "smoke", "drift"):
        assert 'eval "$(make -s --no-print-directory env)" && PATH=' in make("-n", target, "STACK=local").stdout
        assert "print-directory env" not in make("-n", target, "STACK=prod").stdout
        assert "print-directory env" not in make("-n", target, "STACK=local", "PULUMI_BACKEND_URL=file:///team").stdout


def test_used_port_names_the_target_and_the_stack_file() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ran = make("workspace", f"PORT={port}")
    assert ran.returncode
    assert f"Port {port} is in use. Take another one here and in stacks/Pulumi.local.yaml" in ran.stderr
    assert "make workspace PORT=8788" in ran.stderr
    assert 'in another terminal: eval "$(make -s env)", then pulumi up' in ran.stdout


def test_python_without_the_packages_gets_a_sentence() -> None:
    command = [sys.executable, "-S", "-m", "model_serving", "check"]
    ran = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert 'has no package "click". Use the project\'s own Python, which `make setup` installs: .venv/bin' in ran.stderr
    assert "Traceback" not in ran.stderr
