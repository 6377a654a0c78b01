"""Which engine is used: the official one where it can get its plugin, else one that is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.toolchain.conftest import Machine

PLUGIN = '[{"name": "databricks", "kind": "resource", "version": "1.104.0"}]'
OLDER_PLUGIN = '[{"name": "databricks", "kind": "resource", "version": "1.80.0"}]'


def test_no_pulumi_and_no_go_prints_line(machine: Machine) -> None:
    assert machine.run("install") == (
        1,
        "",
        (
            "No official pulumi is on PATH, and no Go to build it with: install Pulumi "
            "(https://www.pulumi.com/docs/install/) or, if its downloads are blocked, "
            "Go 1.26 or newer (https://go.dev/dl/)\n"
        ),
    )


@pytest.mark.parametrize(
    ("version", "switching", "message"),
    [
        pytest.param(
            "go1.20.14",
            "auto",
            "Go 1.20 at {go} can't build the engine: install Go 1.26 or newer from https://go.dev/dl/\n",
            id="too old to download a newer one",
        ),
        pytest.param(
            "go1.25.1",
            "local",
            "Go 1.25 at {go} can't build the engine, and GOTOOLCHAIN=local prevents the download of a newer one: "
            "set GOTOOLCHAIN=auto, or install Go 1.26 or newer from https://go.dev/dl/\n",
            id="not allowed to download a newer one",
        ),
        pytest.param(
            "devel",
            "auto",
            "{go}, which prints no version, can't build the engine: install Go 1.26 or newer from https://go.dev/dl/\n",
            id="unknown version",
        ),
    ],
)
def test_old_go_is_rejected(with_go: Machine, version: str, switching: str, message: str) -> None:
    status, out, err = with_go.run("install", FAKE_GO=version, FAKE_SWITCHING=switching)
    assert (status, out, err) == (1, "", message.format(go=with_go.programs / "go"))
    assert with_go.calls("go build") == []


def test_older_go_may_download_newer(with_go: Machine) -> None:
    assert with_go.run("install", FAKE_GO="go1.22.0", FAKE_SWITCHING="auto")[0] == 0


def test_official_pulumi_with_plugin_is_used(with_go: Machine, with_pulumi: Machine) -> None:
    status, out, err = with_pulumi.run("install", PLUGINS=PLUGIN)
    program = with_pulumi.programs / "pulumi"
    assert (status, err) == (0, "")
    assert out == f"Using the official Pulumi at {program}; its Databricks plugin 1.104.0 is installed\n"
    assert with_go.calls() == ["pulumi version", "pulumi plugin ls --json"]


@pytest.mark.parametrize("version", ["v3.219.9", "3.99.0", "v2.300.0"])
def test_old_pulumi_needs_build(with_go: Machine, with_pulumi: Machine, version: str) -> None:
    status, out, err = with_go.run("install", PLUGINS=PLUGIN, FAKE_PULUMI=version)
    program, number = with_pulumi.programs / "pulumi", version.removeprefix("v")
    assert (status, err) == (0, "")
    assert out.startswith(
        f"The official Pulumi at {program} is {number}; 3.220.0 or newer is required: building three "
    )
    assert f"Using Pulumi 3.220.0 with the Databricks provider 1.104.0, built in {with_go.built}" in out
    assert with_go.calls("pulumi plugin") == []


def test_old_pulumi_without_go_prints_line(with_pulumi: Machine) -> None:
    status, out, err = with_pulumi.run("install", PLUGINS=PLUGIN, FAKE_PULUMI="v3.200.0")
    assert (status, out) == (1, "")
    assert err == (
        f"The official Pulumi at {with_pulumi.programs / 'pulumi'} is 3.200.0; 3.220.0 or newer is required, "
        "and no Go to build it with: install Pulumi (https://www.pulumi.com/docs/install/) or, if its downloads "
        "are blocked, Go 1.26 or newer (https://go.dev/dl/)\n"
    )


@pytest.mark.parametrize(
    ("version", "note"),
    [
        ("v3.220.0", ""),
        ("3.260.0", ""),
        ("v3.260.1", "Note: Pulumi 3.260.1 is newer than 3.260.0, the newest tested version"),
        ("v3.1000.0-alpha.1", "Note: Pulumi 3.1000.0 is newer than 3.260.0, the newest tested version"),
        ("v4.0.0", "Note: Pulumi 4.0.0 is newer than 3.260.0, the newest tested version"),
    ],
)
def test_newer_pulumi_is_used_with_note(with_pulumi: Machine, version: str, note: str) -> None:
    status, out, err = with_pulumi.run("install", PLUGINS=PLUGIN, FAKE_PULUMI=version)
    assert (status, err) == (0, "")
    assert out.splitlines()[1:] == ([note] if note else [])


@pytest.mark.parametrize("version", ["", "unknown"])
def test_pulumi_without_version_is_unused(with_pulumi: Machine, version: str) -> None:
    status, _, err = with_pulumi.run("install", PLUGINS=PLUGIN, FAKE_PULUMI=version)
    assert status == 1
    assert f"can't be used (`pulumi version` printed {version!r}), and no Go to build it with" in err


def test_official_pulumi_downloads_missing_plugin(with_go: Machine, with_pulumi: Machine) -> None:
    status, out, _ = with_pulumi.run("install", PLUGINS=OLDER_PLUGIN)
    assert status == 0
    assert out.splitlines()[0].startswith("Trying to download the Databricks plugin 1.104.0 with the official Pulumi")
    assert out.splitlines()[1].endswith("its Databricks plugin 1.104.0 is installed now")
    assert with_go.calls("go") == []


def test_pulumi_without_plugin_needs_build(with_go: Machine, with_pulumi: Machine) -> None:
    status, out, _ = with_go.run("install", OFFLINE="yes")
    program = with_pulumi.programs / "pulumi"
    assert status == 0
    assert (
        f"The official Pulumi at {program} can't install its Databricks plugin 1.104.0 (no route to host): building "
        in out
    )
    assert out.splitlines()[-2:] == [
        f"Using Pulumi 3.220.0 with the Databricks provider 1.104.0, built in {with_go.built}",
        f"To use the Pulumi at {program} instead, remove {with_go.built.parent} and run the install again",
    ]


def test_broken_pulumi_without_go_prints_line(machine: Machine) -> None:
    machine.put("pulumi", "#!/no/such/interpreter\n")
    status, _, err = machine.run("install")
    assert status == 1
    assert "can't be used (it can't be run: No such file or directory), and no Go" in err


def test_own_build_is_not_official(with_go: Machine) -> None:
    with_go.put("pulumi", PLUGIN)
    (with_go.programs / "toolchain-recipe.sha256").write_text("of another checkout")
    status, out, _ = with_go.run("install")
    assert status == 0
    assert out.startswith("No official pulumi is on PATH: building three programs from Go modules, once: ")
    assert with_go.calls("pulumi") == []
