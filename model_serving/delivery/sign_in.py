"""Whether a job may sign in for a stack: its stack file and the job's variables fit together.

A stack file of a pull request decides which host gets a credential, so this is checked before any is sent.
"""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from model_serving.databricks.timeouts import TIMEOUT_SETTINGS
from model_serving.delivery.git import text_at
from model_serving.errors import UserError
from model_serving.spec.field_path import CONFIG, NAMESPACE
from model_serving.spec.files.listing import has_file, stack_file
from model_serving.spec.files.yaml_locations import Document, read

_HOST: Final = "databricks:host"
_DATA: Final = ("encryptionsalt", "encryptedkey")
"""Keys beside `config:` that are data: no program connects to what they name."""
_NUMBERS: Final = tuple(f"databricks:{name}" for name in (*TIMEOUT_SETTINGS, "rateLimit", "debugTruncateBytes"))
"""Settings whose numbers a pull request may change. Of others a number may be a switch: `skipVerify: 1`."""
_SECRETS: Final = (*_DATA, "secretsprovider")
_SERVICE: Final = "https://"
"""How the address of Pulumi Cloud begins, which keeps the stacks' keys itself. Every other backend needs a salt."""


class NotReadyError(UserError):
    """A job may not sign in. The text holds every reason."""


def require_ready(stack: str, folder: Path, environment: Mapping[str, str], base: str = "") -> None:
    """Raise NotReadyError unless the job of this environment may sign in for the stack.

    `base` is the commit whose stack file somebody with access has merged: settings that decide where credentials are
    sent must be the same as there. Without it they are not compared.
    """
    file = stack_file(stack)
    # A stack whose file the pull request deletes is reviewed by its state: with the settings that it has until then.
    document = _document_at(folder, base, file) if base and not has_file(folder, stack) else read(folder / file)
    reasons = [
        *_missing_variables(environment),
        *_unreadable(file, document),
        *_wrong_host(file, document, environment.get("DATABRICKS_HOST", "")),
        *(_changed_settings(file, document, folder, base) if base else ()),
        *_missing_salt(stack, file, document, environment.get("PULUMI_BACKEND_URL", "")),
    ]
    if reasons:
        raise NotReadyError("\n".join([f"Stack {stack}: this job does not sign in; no credential was sent", *reasons]))


def _document_at(folder: Path, commit: str, file: str) -> Document:
    with tempfile.TemporaryDirectory(prefix="model-serving-stack-") as name:
        copy = Path(name) / "stack.yaml"
        copy.write_text(text_at(folder, commit, file) or "{}", encoding="utf-8")
        return read(copy)


def _missing_variables(environment: Mapping[str, str]) -> Iterator[str]:
    names = ["DATABRICKS_HOST"]
    names += ["DATABRICKS_CLIENT_ID"] if "oidc" in environment.get("DATABRICKS_AUTH_TYPE", "") else []
    for name in names:
        if not environment.get(name):
            yield f"  {name} is not set. Add the variable to the environment of this job: see docs/pipelines.md"
    if not environment.get("PULUMI_BACKEND_URL") and not environment.get("PULUMI_ACCESS_TOKEN"):
        yield (
            "  Neither PULUMI_BACKEND_URL nor PULUMI_ACCESS_TOKEN is set. Add the variable of your state backend, or"
            " the secret of Pulumi Cloud: see docs/pipelines.md. Pull requests of forks and Dependabot get no secrets"
        )


def _unreadable(file: str, document: Document) -> Iterator[str]:
    if document.diagnostics or not isinstance(document.data, dict):
        yield f"  {file} can't be read: run `model-serving check`"


def _wrong_host(file: str, document: Document, expected: str) -> Iterator[str]:
    host = _config(document.data).get(_HOST)
    if isinstance(host, str) and host.rstrip("/").lower() == expected.rstrip("/").lower():
        return
    named = f'"{host}"' if isinstance(host, str) else "no host in plaintext"
    yield (
        f"  {file}: {_HOST} is {named}, and this environment's DATABRICKS_HOST is {expected or 'not set'}."
        " Name the environment's workspace; an administrator changes both for another one"
    )


def _changed_settings(file: str, document: Document, folder: Path, base: str) -> Iterator[str]:
    """Settings of providers and of Pulumi that decide where a credential is sent, such as `databricks:skipVerify`."""
    before, now = _deciding(_document_at(folder, base, file).data), _deciding(document.data)
    for key in sorted({*before, *now}):
        if before.get(key) != now.get(key):
            yield (
                f"  {file}: {key} differs from the base branch. It decides where credentials are sent, so a pull"
                " request can't change it for its own review: a maintainer commits it first"
            )


def _deciding(data: Any) -> dict[str, Any]:
    ours = {
        key: value
        for key, value in _config(data).items()
        if not key.startswith(NAMESPACE) and key != _HOST and not (key in _NUMBERS and _is_number(value))
    }
    beside = data.items() if isinstance(data, dict) else ()
    return ours | {key: value for key, value in beside if key not in (CONFIG, *_DATA)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _missing_salt(stack: str, file: str, document: Document, backend: str) -> Iterator[str]:
    data = document.data if isinstance(document.data, dict) else {}
    if backend and not backend.startswith(_SERVICE) and not any(data.get(key) for key in _SECRETS):
        yield (
            f"  {file} has no encryptionsalt, so each run would create another key. Create it once and commit the file:"
            f" pulumi stack init {stack}"
        )


def _config(data: Any) -> dict[str, Any]:
    config = data.get(CONFIG) if isinstance(data, dict) else None
    return config if isinstance(config, dict) else {}
