"""Detects an official Pulumi, and checks its version and its Databricks plugin."""

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from toolchain import versions
from toolchain.build import is_own_build
from toolchain.progress import Report

DOWNLOAD_TIMEOUT = 180
VERSION_TIMEOUT = 30


def official_pulumi(base: Mapping[str, str] = os.environ) -> Path | None:
    """The first `pulumi` on PATH that is not an own build."""
    for folder in os.get_exec_path(base):
        program = Path(folder) / "pulumi"
        if program.is_file() and os.access(program, os.X_OK) and not is_own_build(program.resolve().parent):
            return program
    return None


def why_not_official(report: Report) -> str | None:
    """None if an official Pulumi with its plugin can be used, else the reason."""
    pulumi = official_pulumi()
    if pulumi is None:
        return "No official pulumi is on PATH"
    version = _version(pulumi)
    if isinstance(version, str):
        return f"The official Pulumi at {pulumi} can't be used ({version})"
    if version < _numbers(versions.OLDEST):
        return f"The official Pulumi at {pulumi} is {_dotted(version)}; {versions.OLDEST} or newer is required"
    obstacle = _ensure_plugin(pulumi, report)
    if obstacle is None and version > _numbers(versions.NEWEST_TESTED):
        report(f"Note: Pulumi {_dotted(version)} is newer than {versions.NEWEST_TESTED}, the newest tested version")
    return obstacle


def _ensure_plugin(pulumi: Path, report: Report) -> str | None:
    """Installs the plugin if it is missing. Returns None, or the reason why that failed."""
    if _has_plugin(pulumi):
        report(f"Using the official Pulumi at {pulumi}; its Databricks plugin {versions.PLUGIN} is installed")
        return None
    report(
        f"Trying to download the Databricks plugin {versions.PLUGIN} with the official Pulumi at {pulumi} "
        f"(timeout: {DOWNLOAD_TIMEOUT} s)"
    )
    obstacle = _download_plugin(pulumi)
    if obstacle:
        return f"The official Pulumi at {pulumi} can't install its Databricks plugin {versions.PLUGIN} ({obstacle})"
    report(f"Using the official Pulumi at {pulumi}; its Databricks plugin {versions.PLUGIN} is installed now")
    return None


def _version(pulumi: Path) -> tuple[int, ...] | str:
    """The three numbers of the version, or the reason why they are unknown."""
    try:
        process = _run([str(pulumi), "version"], VERSION_TIMEOUT)
    except subprocess.TimeoutExpired:
        return f"`pulumi version` timed out after {VERSION_TIMEOUT} s"
    except OSError as error:
        return f"it can't be run: {error.strerror}"
    match = re.match(r"v?(\d+\.\d+\.\d+)", process.stdout.strip())
    return _numbers(match[1]) if match else f"`pulumi version` printed {process.stdout.strip()[:40]!r}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _has_plugin(pulumi: Path) -> bool:
    try:
        process = _run([str(pulumi), "plugin", "ls", "--json"], VERSION_TIMEOUT)
        plugins = json.loads(process.stdout)
    except (subprocess.TimeoutExpired, OSError, json.JSONDecodeError):
        return False
    plugin_id = ("databricks", "resource", versions.PLUGIN)
    return any((plugin.get("name"), plugin.get("kind"), plugin.get("version")) == plugin_id for plugin in plugins)


def _download_plugin(pulumi: Path) -> str:
    """Installs the plugin. Returns an empty string, or the reason why that failed."""
    command = [str(pulumi), "plugin", "install", "resource", "databricks", versions.PLUGIN, "--non-interactive"]
    try:
        process = _run(command, DOWNLOAD_TIMEOUT)
    except subprocess.TimeoutExpired:
        return f"timeout after {DOWNLOAD_TIMEOUT} s"
    except OSError as error:
        return f"it can't be run: {error.strerror}"
    if process.returncode == 0:
        return ""
    lines = process.stderr.strip().splitlines() or [f"exit status {process.returncode}"]
    return lines[-1].strip().removeprefix("error: ")


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
