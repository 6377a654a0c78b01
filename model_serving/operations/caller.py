"""Who asks: a service principal of the stack, or whoever the shell's own Databricks credentials are."""

import json
from pathlib import Path
from typing import Any, Final

from databricks.sdk.core import Config

from model_serving.errors import UserError
from model_serving.operations.outputs import Address, Client, Outputs
from model_serving.operations.reachability import ANSWER_SECONDS, require_answer
from model_serving.spec import Endpoint, SpecError, load_stack

MYSELF = "me"
_BOUNDS: Final[dict[str, Any]] = {"http_timeout_seconds": ANSWER_SECONDS, "retry_timeout_seconds": ANSWER_SECONDS}


def spec_of(stack: str, key: str) -> Endpoint | None:
    """The endpoint as the stack files declare it now; None where they don't any more."""
    try:
        return load_stack(stack.rpartition("/")[2], Path("stacks")).endpoints.get(key)
    except SpecError as fault:
        raise UserError(str(fault)) from fault


def client_for(outputs: Outputs, address: Address, wanted: str | None) -> Client | None:
    """The service principal to ask as; None stands for the shell's own credentials (`--as me`).

    Without a wish it is the only one that the stack lets query the endpoint. Raises UserError where that
    leaves none or several.
    """
    if wanted == MYSELF:
        return None
    known = ", ".join(outputs.clients) or "none"
    if wanted is not None:
        if wanted not in outputs.clients:
            raise UserError(
                f'Stack "{outputs.stack}" has no service principal "{wanted}" with an OAuth secret; there are: {known}.'
                f" `--as {MYSELF}` asks with your own credentials"
            )
        return outputs.clients[wanted]
    allowed = _allowed(outputs, address)
    if len(allowed) == 1:
        return outputs.clients[allowed[0]]
    if allowed:
        raise UserError(f'Several may query "{address.key}", choose one: --as {" or --as ".join(allowed)}')
    raise UserError(
        f'No service principal with an OAuth secret in stack "{outputs.stack}" may query "{address.key}". Give one'
        f" CAN_QUERY under endpoints.{address.key}.permissions, or ask with your own credentials: --as {MYSELF}"
    )


def authorization(outputs: Outputs, address: Address, client: Client | None) -> str:
    """The value of the request's Authorization header; for a route-optimized endpoint of a token for it alone.

    Raises UserError, for a workspace that doesn't answer within ANSWER_SECONDS too.
    Source: product documentation on querying route-optimized endpoints; such a token lives for an hour.
    """
    details = json.dumps(
        [
            {
                "type": "workspace_permission",
                "object_type": "serving-endpoints",
                "object_path": f"/serving-endpoints/{address.id}",
                "actions": ["query_inference_endpoint"],
            }
        ]
    )
    narrowed: dict[str, Any] = {"authorization_details": details} if address.route_optimized else {}
    named: dict[str, Any] = (
        {"client_id": client.application_id, "client_secret": client.client_secret, "auth_type": "oauth-m2m"}
        if client
        else {}
    )
    require_answer(outputs.host)
    try:
        config = Config(host=outputs.host, **_BOUNDS, **named, **narrowed)
        return config.authenticate()["Authorization"]
    except ValueError as fault:
        raise UserError(_refusal(str(fault), outputs, address, client)) from fault


def _refusal(reason: str, outputs: Outputs, address: Address, client: Client | None) -> str:
    """The SDK has one exception for all; the OAuth error's code in its text is what tells the cases apart."""
    who = f'"{client.key}"' if client else "your own credentials"
    if "invalid_authorization_details" in reason:
        way_out = f"Give it CAN_QUERY under endpoints.{address.key}.permissions and deploy"
        return f'The workspace gives {who} no token for "{address.key}": it may not query it. {way_out}'
    if "invalid_client" in reason:
        way_out = f"If its secret was replaced or has expired: pulumi up --refresh --stack {outputs.stack}"
        return f"The workspace does not accept the OAuth secret of {who}. {way_out}"
    return f"No token for {who} from {outputs.host}: {reason.splitlines()[0]}"


def _allowed(outputs: Outputs, address: Address) -> list[str]:
    spec = spec_of(outputs.stack, address.key)
    levels = {each.service_principal: each.level for each in spec.permissions} if spec else {}
    return [key for key in outputs.clients if levels.get(key) in ("CAN_QUERY", "CAN_MANAGE")]
