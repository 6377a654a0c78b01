"""Is there an official Pulumi, is it new enough, and can it get its Databricks plugin."""

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from toolchain import versions
from toolchain.build import is_a_build_of_ours
from toolchain.progress import Say

SECONDS_TO_DOWNLOAD = 180
SECONDS_TO_ANSWER = 30


def official_pulumi(base: Mapping[str, str] = os.environ) -> Path | None:
    """The first `pulumi` on PATH that isn't one of our own builds."""
    for folder in os.get_exec_path(base):
        program = Path(folder) / "pulumi"
        if program.is_file() and os.access(program, os.X_OK) and not is_a_build_of_ours(program.resolve().parent):
            return program
    return None


def why_not_official(report: Say) -> str | None:
    """None when an official Pulumi with its plugin is there, else what stands in the way."""
    pulumi = official_pulumi()
    if pulumi is None:
        return "No official pulumi is on PATH"
    version = _version(pulumi)
    if isinstance(version, str):
        return f"The official Pulumi at {pulumi} can't be used ({version})"
    if version < _numbers(versions.OLDEST):
        return f"The official Pulumi at {pulumi} is {_dotted(version)}, and {versions.OLDEST} or newer is needed"
    obstacle = _lacks_plugin(pulumi, report)
    if obstacle is None and version > _numbers(versions.NEWEST_TESTED):
        report(f"Note: {_dotted(version)} is newer than {versions.NEWEST_TESTED}, the newest Pulumi tested here")
    return obstacle


def _lacks_plugin(pulumi: Path, report: Say) -> str | None:
    """None when the plugin is installed, now or before, else what stands in the way."""
    if _has_plugin(pulumi):
        report(f"Using the official Pulumi at {pulumi}; its Databricks plugin {versions.PLUGIN} is installed")
        return None
    report(
        f"Trying to download the Databricks plugin {versions.PLUGIN} with the official Pulumi at {pulumi} "
        f"(given up after {SECONDS_TO_DOWNLOAD} s)"
    )
    obstacle = _download_plugin(pulumi)
    if obstacle:
        return f"The official Pulumi at {pulumi} can't get its Databricks plugin {versions.PLUGIN} ({obstacle})"
    report(f"Using the official Pulumi at {pulumi}; its Databricks plugin {versions.PLUGIN} is installed now")
    return None


def _version(pulumi: Path) -> tuple[int, ...] | str:
    """Its three numbers, or why they can't be had."""
    try:
        answer = _run([str(pulumi), "version"], SECONDS_TO_ANSWER)
    except subprocess.TimeoutExpired:
        return f"`pulumi version` has no end after {SECONDS_TO_ANSWER} s"
    except OSError as error:
        return f"it doesn't start: {error.strerror}"
    found = re.match(r"v?(\d+\.\d+\.\d+)", answer.stdout.strip())
    return _numbers(found[1]) if found else f"`pulumi version` names none: {answer.stdout.strip()[:40]!r}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _has_plugin(pulumi: Path) -> bool:
    try:
        answer = _run([str(pulumi), "plugin", "ls", "--json"], SECONDS_TO_ANSWER)
        plugins = json.loads(answer.stdout)
    except (subprocess.TimeoutExpired, OSError, json.JSONDecodeError):
        return False
    wanted = ("databricks", "resource", versions.PLUGIN)
    return any((plugin.get("name"), plugin.get("kind"), plugin.get("version")) == wanted for plugin in plugins)


def _download_plugin(pulumi: Path) -> str:
    """Empty when it is installed, else the obstacle."""
    command = [str(pulumi), "plugin", "install", "resource", "databricks", versions.PLUGIN, "--non-interactive"]
    try:
        answer = _run(command, SECONDS_TO_DOWNLOAD)
    except subprocess.TimeoutExpired:
        return f"no end after {SECONDS_TO_DOWNLOAD} s"
    except OSError as error:
        return f"it doesn't start: {error.strerror}"
    if answer.returncode == 0:
        return ""
    words = answer.stderr.strip().splitlines() or [f"exit status {answer.returncode}"]
    return words[-1].strip().removeprefix("error: ")


def _run(command: Sequence[str], seconds: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        check=False,
    )
