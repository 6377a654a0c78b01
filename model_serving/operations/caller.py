"""The caller of a request: a service principal of the stack, or the shell's own Databricks credentials."""

import json
from typing import Any, Final

from model_serving.databricks.call_clock import CallClock
from model_serving.databricks.client import sdk_message
from model_serving.databricks.errors import CredentialsError
from model_serving.databricks.sdk import resolve_config
from model_serving.errors import UserError
from model_serving.operations.outputs import Address, Client, Outputs
from model_serving.operations.reachability import TIMEOUTS, unreachable_as_user_error

OWN_CREDENTIALS: Final = "me"
"""The value of `--as` that stands for the shell's own credentials."""


def client_for(outputs: Outputs, address: Address, caller: str | None) -> Client | None:
    """The service principal to query as; None stands for the shell's own credentials.

    `caller` is its key, or `me`. Without one it is the only service principal that the stack lets query the endpoint;
    raises UserError where that is none or several.
    """
    if caller == OWN_CREDENTIALS:
        return None
    outputs.require_secrets()
    if caller is None:
        return _only_client(outputs, address)
    if caller not in outputs.clients:
        known = ", ".join(outputs.clients) or "none"
        raise UserError(
            f'Stack "{outputs.stack}" has no service principal "{caller}" with an OAuth secret; there are: {known}.'
            " `--as me` uses your own credentials"
        )
    return outputs.clients[caller]


def _only_client(outputs: Outputs, address: Address) -> Client:
    spec = outputs.declared.get(address.key)
    levels = {each.service_principal: each.level for each in spec.granted} if spec else {}
    allowed = [key for key in outputs.clients if levels.get(key) in ("CAN_QUERY", "CAN_MANAGE")]
    if len(allowed) == 1:
        return outputs.clients[allowed[0]]
    if allowed:
        raise UserError(f'Several may query "{address.key}", choose one: --as {" or --as ".join(allowed)}')
    hint = f"Give one CAN_QUERY under endpoints.{address.key}.permissions, or use your own credentials: --as me"
    raise UserError(
        f'No service principal with an OAuth secret in stack "{outputs.stack}" may query "{address.key}". {hint}'
    )


def authorization(outputs: Outputs, address: Address, client: Client | None) -> str:
    """The value of the Authorization header; for a route-optimized endpoint with a token for that endpoint only.

    Raises UserError, also for a workspace that doesn't answer.
    Source: Databricks' documentation on querying route-optimized endpoints; such a token lives for an hour.
    """
    settings: dict[str, Any] = {"host": outputs.host}
    if address.route_optimized:
        settings["authorizationDetails"] = _authorization_details(address)
    if client:
        settings |= {
            "clientId": client.application_id,
            "clientSecret": client.client_secret,
            "authType": "oauth-m2m",
        }
    try:
        with unreachable_as_user_error(outputs.host):
            return str(resolve_config(settings, CallClock(TIMEOUTS, outputs.host)).authenticate()["Authorization"])
    except CredentialsError as error:
        raise UserError(str(error)) from None
    except ValueError as error:
        raise UserError(_refusal(sdk_message(error), outputs, address, client)) from error


def _authorization_details(address: Address) -> str:
    detail = {
        "type": "workspace_permission",
        "object_type": "serving-endpoints",
        "object_path": f"/serving-endpoints/{address.id}",
        "actions": ["query_inference_endpoint"],
    }
    return json.dumps([detail])


def _refusal(reason: str, outputs: Outputs, address: Address, client: Client | None) -> str:
    """The message for a refused sign-in. The SDK has one exception for all; its text holds the OAuth error's code."""
    caller = f'"{client.key}"' if client else "your own credentials"
    if "invalid_authorization_details" in reason:
        hint = f"Give it CAN_QUERY under endpoints.{address.key}.permissions and deploy"
        return f'{caller} may not query "{address.key}": token refused. {hint}'
    if "invalid_client" in reason:
        hint = f"If its secret was replaced or has expired: pulumi up --refresh --stack {outputs.stack}"
        return f"Sign-in failed at {outputs.host}: it does not accept the OAuth secret of {caller}. {hint}"
    return f"No token for {caller} from {outputs.host}: {reason}"
