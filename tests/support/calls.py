"""Calling an endpoint with plain HTTP, as any program could."""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

PAYMENT = {"dataframe_records": [{"amount": 129.9, "country": "NL", "card_age_days": 12}]}


@dataclass(frozen=True)
class Token:
    access_token: str
    expires_in: int


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    served_by: str


def oauth_token(host: str, client_id: str, client_secret: str, endpoint_id: str | None) -> Token:
    """A token that may query one endpoint, as Databricks documents it for route-optimized endpoints.

    Without an endpoint it is one for all APIs, as other endpoints take it.
    """
    details = [
        {
            "type": "workspace_permission",
            "object_type": "serving-endpoints",
            "object_path": f"/serving-endpoints/{endpoint_id}",
            "actions": ["query_inference_endpoint"],
        }
    ]
    form = {"grant_type": "client_credentials", "scope": "all-apis"}
    form |= {"authorization_details": json.dumps(details)} if endpoint_id else {}
    credentials = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    request = urllib.request.Request(  # noqa: S310  the address is the stack's own
        f"{host}/oidc/v1/token",
        data=urllib.parse.urlencode(form).encode(),
        headers={"Authorization": f"Basic {credentials}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        body = json.load(answer)
    return Token(body["access_token"], body["expires_in"])


def ask(url: str, token: str) -> Answer:
    """Send one payment to be scored."""
    request = urllib.request.Request(  # noqa: S310  the address is the stack's own
        url,
        data=json.dumps(PAYMENT).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return Answer(answer.status, answer.read().decode(), answer.headers.get("served-model-name", ""))
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode(), "")
