"""`python -m workspace`: starts the embedded workspace, or prints its credentials.

The addresses and credentials that it prints can be used by the Pulumi provider, the SDKs, the CLI and MLflow as they
are. They stay the same for as long as the database file does.
"""

import argparse
import sqlite3
import sys
from pathlib import Path
from typing import Any

from model_serving.workspace.admin.bootstrap import Credentials, bootstrap
from model_serving.workspace.admin.seed import SeedError, score_by, with_paths_from
from model_serving.workspace.admin.switches import SwitchError
from model_serving.workspace.command_line import WRONG_USAGE, arguments, settings_of
from model_serving.workspace.serving.quotas import LimitError
from model_serving.workspace.settings import Settings
from model_serving.workspace.store.clock import Clock
from model_serving.workspace.store.database import Store


class ModelChoiceError(SeedError):
    """A `--model` that can't be used."""


def main() -> int:
    options = arguments().parse_args()
    try:
        settings = settings_of(options)
        store = Store(":memory:" if options.db == ":memory:" else Path(options.db))
        credentials = bootstrap(store, Clock(), _seed(options.seed))
        _score_models(store, options.model)
    except sqlite3.DatabaseError as fault:
        return _refuse(f"{options.db} can't be used as a workspace's database: {fault}")
    except (SwitchError, LimitError, ModelChoiceError) as fault:
        return _refuse(str(fault), WRONG_USAGE)
    except (SeedError, OSError) as fault:
        return _refuse(str(fault))
    if options.command == "credentials":
        host = f"http://{options.host}:{options.port}"
        print("\n".join(_as_principal(host, credentials) if options.oauth else _as_user(host, credentials)))
        return 0
    return _serve(store, credentials, settings, options)


def _serve(store: Store, credentials: Credentials, settings: Settings, options: argparse.Namespace) -> int:
    # imported here: printing credentials needs no web server
    from model_serving.workspace.http.app import create_app  # noqa: PLC0415
    from model_serving.workspace.http.server import bound_socket, run  # noqa: PLC0415

    try:
        listener = bound_socket(options.host, options.port)
    except OSError as fault:
        return _refuse(
            f"Can't listen on {options.host}:{options.port}: {fault.strerror}. Choose another --port (0: any)"
        )
    host = f"http://{options.host}:{listener.getsockname()[1]}"
    app = create_app(store, Clock(), settings)
    run(app, listener, lambda: _announce(host, credentials))
    return 0


def _announce(host: str, credentials: Credentials) -> None:
    lines = [
        f"Workspace ready at {host}",
        *(f"  {line}" for line in _as_user(host, credentials)),
        "  # or, as its administrating service principal",
        *(f"  {line}" for line in _as_principal(host, credentials)[1:]),
        "Ctrl-C stops it",
    ]
    print("\n".join(lines), flush=True)


def _as_user(host: str, credentials: Credentials) -> list[str]:
    return [f"export DATABRICKS_HOST={host}", f"export DATABRICKS_TOKEN={credentials.token}"]


def _as_principal(host: str, credentials: Credentials) -> list[str]:
    return [
        f"export DATABRICKS_HOST={host}",
        f"export DATABRICKS_CLIENT_ID={credentials.client_id}",
        f"export DATABRICKS_CLIENT_SECRET={credentials.client_secret}",
    ]


def _seed(file: str | None) -> dict[str, Any] | None:
    if file is None:
        return None
    import yaml  # noqa: PLC0415 - most starts need no seed file

    try:
        seed = yaml.safe_load(Path(file).read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as fault:
        raise SeedError(f"{file}: {fault}") from fault
    if not isinstance(seed, dict):
        raise SeedError(f"{file}: a seed is a mapping of parts")
    return with_paths_from(Path(file).parent.absolute(), seed)


def _score_models(store: Store, choices: list[str]) -> None:
    """What `--model NAME[/VERSION]=PATH` chose."""
    for choice in choices:
        name, _, path = choice.partition("=")
        if not path:
            raise ModelChoiceError(f"--model {choice}: write it as NAME=PATH or NAME/VERSION=PATH")
        known = [model["full_name"] for model in store.all("model")]
        if name.partition("/")[0] not in known:
            raise ModelChoiceError(f"--model {choice}: the workspace has no such model, there are: {', '.join(known)}")
        try:
            score_by(store, name, str(Path(path).absolute()))
        except SeedError as fault:
            raise ModelChoiceError(str(fault)) from fault


def _refuse(sentence: str, status: int = 1) -> int:
    print(sentence, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
