"""The environment in which `pulumi` works against the embedded workspace and touches nothing of the user's."""

import os
import shlex
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from toolchain.build import BIN, is_a_build_of_ours, is_built
from toolchain.recipe import CHECKOUT

HOME = CHECKOUT / ".local" / "pulumi"
# It guards local stacks only, whose secrets are made up by the embedded workspace.
PASSPHRASE = "local"  # noqa: S105

# A Databricks client takes these as credentials or settings; beside a token of ours it refuses two kinds at once.
FOREIGN_PREFIXES = ("DATABRICKS_", "ARM_", "PULUMI_")
FOREIGN_NAMES = ("GOOGLE_CREDENTIALS",)
ALWAYS_UNSET = ("PULUMI_ACCESS_TOKEN", "PULUMI_STACK")

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
LOOPBACK = "127.0.0.1,localhost"


def pulumi_environment(home: Path, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """A copy of `base` without the user's Pulumi and Databricks settings and with ours; `home` is PULUMI_HOME.

    Makes the folders that Pulumi wants to find. Two homes share nothing but the plugins.
    """
    home = home.absolute()
    (home / "state").mkdir(parents=True, exist_ok=True)
    _share_plugins(home, base)
    kept = {name: value for name, value in base.items() if not _is_foreign(name)}
    return kept | _settings(home, base)


def shell_lines(home: Path, base: Mapping[str, str] = os.environ) -> list[str]:
    """The same as `unset` and `export` lines for a POSIX shell."""
    wanted = pulumi_environment(home, base)
    gone = {name for name in (*base, *ALWAYS_UNSET) if name not in wanted and name.isidentifier()}
    exports = [
        f"export {name}={shlex.quote(value)}" for name, value in sorted(_settings(home.absolute(), base).items())
    ]
    return [f"unset {name}" for name in sorted(gone)] + exports


def _settings(home: Path, base: Mapping[str, str]) -> dict[str, str]:
    settings = {
        "PATH": _path(base),
        "PULUMI_HOME": str(home),
        # The state's address is a URL: a blank or a percent sign in the path must be escaped.
        "PULUMI_BACKEND_URL": (home / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # Deleting an endpoint runs a hook of the program (components/guard/immutable_fields_hook.py); `pulumi destroy`
        # runs no program by itself.
        "PULUMI_RUN_PROGRAM": "true",
        # Python's and Go's SDK both skip a file that isn't there as long as no profile is named.
        "DATABRICKS_CONFIG_FILE": str(home / "no-databricks-profiles"),
    }
    if is_built():
        settings["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    if any(base.get(name) for name in PROXIES):
        settings |= _without_proxy_on_loopback(base)
    return settings


def _path(base: Mapping[str, str]) -> str:
    """The virtual environment first: the built language host runs the first Python on PATH, not Pulumi.yaml's."""
    first = [str(_python_folder())] + ([str(BIN)] if is_built() else [])
    rest = [folder for folder in os.get_exec_path(base) if folder and folder not in first]
    return os.pathsep.join([*first, *(folder for folder in rest if not is_a_build_of_ours(Path(folder)))])


def _python_folder() -> Path:
    folder = CHECKOUT / ".venv" / "bin"
    return folder if folder.is_dir() else Path(sys.executable).parent


def _share_plugins(home: Path, base: Mapping[str, str]) -> None:
    """Pulumi looks for plugins in PULUMI_HOME: lend it those that were built, or those of the user's own Pulumi."""
    users = Path(base.get("PULUMI_HOME") or Path.home() / ".pulumi").absolute()
    theirs = (BIN if is_built() else users) / "plugins"
    ours = home / "plugins"
    if theirs.is_dir() and theirs != ours and (ours.is_symlink() or not ours.exists()):
        # An older link may lead elsewhere or nowhere; another process may make the same link at the same time.
        ours.unlink(missing_ok=True)
        with suppress(FileExistsError):
            ours.symlink_to(theirs.resolve(), target_is_directory=True)


def _is_foreign(name: str) -> bool:
    return name.startswith(FOREIGN_PREFIXES) or name in FOREIGN_NAMES


def _without_proxy_on_loopback(base: Mapping[str, str]) -> dict[str, str]:
    # Both spellings: the lower-case one wins where both are read, and some programs read only one.
    others = base.get("no_proxy") or base.get("NO_PROXY") or ""
    value = ",".join(filter(None, [LOOPBACK, *(host for host in others.split(",") if host not in LOOPBACK.split(","))]))
    return {"no_proxy": value, "NO_PROXY": value}
