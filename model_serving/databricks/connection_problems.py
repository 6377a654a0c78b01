"""Why a workspace can't be used with these settings, and what to do, for the user."""

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

from model_serving.databricks.errors import CredentialsError, SignInError, UnavailableError, UnreachableError
from model_serving.databricks.naming import provider_name
from model_serving.databricks.reachability import unreachable_hint

_SIGN_IN: Final = "Set DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET, or DATABRICKS_TOKEN, in the environment"
_RETRY: Final = (
    "Run the command again when the workspace is available. To retry each call for longer:"
    " pulumi config set databricks:retryTimeoutSeconds 600"
)


def connection_problem(error: Exception, settings: Mapping[str, Any]) -> str | None:
    """What is wrong and what to do, for an error of the connection; None for any other error of the workspace."""
    host = settings.get("host") or os.environ.get("DATABRICKS_HOST", "")
    match error:
        case CredentialsError():
            return str(error)
        case SignInError():
            return f"The workspace {host} rejects the credentials: {error}\n{_SIGN_IN}"
        case UnavailableError():
            return f"{error}\n{_RETRY}"
        case UnreachableError():
            return f"{error}\n{unreachable_hint(host)}"
    return None


def credentials_error(text: str, settings: Mapping[str, Any], attributes: Iterable[Any]) -> CredentialsError | None:
    """The error for credentials that the SDK refuses to use, by its own text; None for any other text of it.

    `attributes` are those of the SDK's configuration. Source: databricks-sdk, config.py (`_validate`, `init_auth`) and
    credentials_provider.py.
    """
    if "more than one authorization method configured" in text:
        kinds = _kinds(settings, attributes)
        named = " and ".join(" with ".join(names) for names in kinds.values())
        remedies = " or ".join(map(_removal, kinds.values()))
        return CredentialsError(f"More than one kind of credentials is set: {named}. Keep one: {remedies}")
    if "cannot configure default credentials" in text:
        return CredentialsError(f"No credentials for {_host(settings)} are set. {_SIGN_IN}")
    if "Invalid URL 'None'" in text:  # of the service that issues tokens, which the host does not name
        hint = "Check databricks:host in the stack file"
        return CredentialsError(f"{_host(settings)} is not a Databricks workspace: it issues no OAuth tokens. {hint}")
    return None


def _host(settings: Mapping[str, Any]) -> str:
    return str(settings.get("host") or os.environ.get("DATABRICKS_HOST") or "the workspace")


def _kinds(settings: Mapping[str, Any], attributes: Iterable[Any]) -> dict[str, list[str]]:
    """Where each kind of credentials is set: names of variables, and settings of the stack as `databricks:token`."""
    kinds: dict[str, list[str]] = {}
    for attribute in attributes:
        name = provider_name(attribute.name)
        if not attribute.auth:
            continue
        if settings.get(name):
            kinds.setdefault(attribute.auth, []).append(f"databricks:{name}")
        elif attribute.env and os.environ.get(attribute.env):
            kinds.setdefault(attribute.auth, []).append(attribute.env)
    return kinds


def _removal(names: Iterable[str]) -> str:
    """The command that removes one kind of credentials."""
    variables = [name for name in names if ":" not in name]
    commands = [f"pulumi config rm {name}" for name in names if ":" in name]
    return "; ".join([*commands, *([f"unset {' '.join(variables)}"] if variables else [])])
