"""`python -m workspace`: starts the embedded workspace, or prints its credentials.

The Pulumi provider, the SDKs, the CLI and MLflow can use the printed host and credentials. Credentials do not change as
long as the database file exists.
"""

import argparse
import sqlite3
import sys
from pathlib import Path
from typing import Any

from model_serving.workspace.admin.bootstrap import Credentials, bootstrap
from model_serving.workspace.admin.seed import SeedError, set_scorer, with_absolute_paths
from model_serving.workspace.admin.switches import SwitchError
from model_serving.workspace.command_line import WRONG_USAGE, parser, settings_of
from model_serving.workspace.dataplane.faulty_models import AnswersError, set_answers
from model_serving.workspace.serving.quotas import LimitError
from model_serving.workspace.settings import Settings
from model_serving.workspace.store.clock import Clock
from model_serving.workspace.store.database import Store


class ModelChoiceError(SeedError):
    """An invalid `--model`."""


def main() -> int:
    options = parser().parse_args()
    try:
        settings = settings_of(options)
        store = Store(":memory:" if options.db == ":memory:" else Path(options.db))
        credentials = bootstrap(store, Clock(), _seed(options.seed))
        _set_models(store, options.model)
    except sqlite3.DatabaseError as error:
        return _fail(f"{options.db} can't be used as a workspace's database: {error}")
    except (SwitchError, LimitError, ModelChoiceError) as error:
        return _fail(str(error), WRONG_USAGE)
    except (SeedError, OSError) as error:
        return _fail(str(error))
    if options.command == "credentials":
        host = f"http://{options.host}:{options.port}"
        print("\n".join(_principal_exports(host, credentials) if options.oauth else _user_exports(host, credentials)))
        return 0
    return _serve(store, credentials, settings, options)


def _serve(store: Store, credentials: Credentials, settings: Settings, options: argparse.Namespace) -> int:
    # imported here: printing credentials needs no web server
    from model_serving.workspace.http.app import create_app  # noqa: PLC0415
    from model_serving.workspace.http.server import bound_socket, run  # noqa: PLC0415

    try:
        listener = bound_socket(options.host, options.port)
    except OSError as error:
        return _fail(f"Can't listen on {options.host}:{options.port}: {error.strerror}. Choose another --port (0: any)")
    host = f"http://{options.host}:{listener.getsockname()[1]}"
    app = create_app(store, Clock(), settings)
    run(app, listener, lambda: _announce(host, credentials))
    return 0


def _announce(host: str, credentials: Credentials) -> None:
    lines = [
        f"Workspace ready at {host}",
        *(f"  {line}" for line in _user_exports(host, credentials)),
        "  # or, as the service principal with admin rights",
        *(f"  {line}" for line in _principal_exports(host, credentials)[1:]),
        "Press Ctrl-C to stop",
    ]
    print("\n".join(lines), flush=True)


def _user_exports(host: str, credentials: Credentials) -> list[str]:
    return [f"export DATABRICKS_HOST={host}", f"export DATABRICKS_TOKEN={credentials.token}"]


def _principal_exports(host: str, credentials: Credentials) -> list[str]:
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
    except yaml.YAMLError as error:
        raise SeedError(f"{file}: {error}") from error
    if not isinstance(seed, dict):
        raise SeedError(f"{file}: A seed must be a mapping")
    return with_absolute_paths(Path(file).parent.absolute(), seed)


def _set_models(store: Store, choices: list[str]) -> None:
    """Applies `--model NAME[/VERSION]=PATH` and `--model NAME[/VERSION]:FAULTS`."""
    for choice in choices:
        name, separator, value = _parts(choice)
        if not value:
            raise ModelChoiceError(f"--model {choice}: must be NAME=PATH, NAME/VERSION=PATH or NAME/VERSION:FAULTS")
        known = [model["full_name"] for model in store.all("model")]
        if name.partition("/")[0] not in known:
            raise ModelChoiceError(f"--model {choice}: no such model in the workspace, allowed: {', '.join(known)}")
        try:
            if separator == "=":
                set_scorer(store, name, str(Path(value).absolute()))
            else:
                set_answers(store, name, dict(_pair(each) for each in value.split(",")))
        except (SeedError, AnswersError) as error:
            raise ModelChoiceError(str(error)) from error


def _parts(choice: str) -> tuple[str, str, str]:
    """The name, the separator and the value: the first `=` or `:` separates."""
    separator = ":" if ":" in choice.partition("=")[0] else "="
    return choice.partition(separator)


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value.strip()


def _fail(message: str, status: int = 1) -> int:
    print(message, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
