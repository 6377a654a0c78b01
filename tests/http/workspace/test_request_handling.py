"""Handling of all requests: credentials, bodies, trailing slashes, unknown paths."""

from typing import Any

import httpx
import pytest

URL = "/api/2.0/serving-endpoints"


@pytest.mark.parametrize(
    ("authorization", "status", "error_code", "message"),
    [
        (None, 401, "UNAUTHENTICATED", "Credential was not sent or was of an unsupported type for this API."),
        ("Basic YTpi", 401, "UNAUTHENTICATED", "Credential was not sent or was of an unsupported type for this API."),
        ("Bearer dapi0", 403, "PERMISSION_DENIED", "Invalid access token."),
        ("Bearer a.b.c", 401, "UNAUTHENTICATED", "Invalid Token"),
    ],
    ids=["none", "basic", "unknown", "forged"],
)
def test_request_needs_a_valid_credential(
    workspace: Any, authorization: str | None, status: int, error_code: str, message: str
) -> None:
    client = workspace.http()
    del client.headers["authorization"]
    refused = client.get(URL, headers={"Authorization": authorization} if authorization else {})
    assert (refused.status_code, refused.json()["error_code"]) == (status, error_code)
    assert refused.json()["message"] == message


def test_every_error_has_one_format(http: httpx.Client) -> None:
    refused = http.get(f"{URL}/nobody")
    assert set(refused.json()) == {"error_code", "message", "details"}
    (info,) = refused.json()["details"]
    assert info["@type"] == "type.googleapis.com/google.rpc.RequestInfo"
    assert refused.headers["x-databricks-org-id"].isdigit()


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unknown_path_is_rejected(http: httpx.Client, method: str) -> None:
    refused = http.request(method, "/api/2.0/nothing")
    assert (refused.status_code, refused.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
    assert refused.json()["message"] == f"No API found for '{method} /2.0/nothing'"


def test_unknown_method_is_rejected(http: httpx.Client) -> None:
    assert http.put(URL, json={}).json()["error_code"] == "ENDPOINT_NOT_FOUND"


@pytest.mark.parametrize("content", [b"{", b"[1]", b'"text"', b"\xff"])
def test_body_must_be_json_object(http: httpx.Client, content: bytes) -> None:
    refused = http.post(URL, content=content)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "MALFORMED_REQUEST")


def test_oversized_body_is_rejected(http: httpx.Client) -> None:
    refused = http.post(URL, content=iter([b"x" * 1024 * 1024] * 17))
    assert (refused.status_code, refused.json()["error_code"]) == (413, "MAX_REQUEST_SIZE_EXCEEDED")


@pytest.mark.parametrize("spelling", [f"{URL}/", f"{URL}?", f"{URL}/?"])
def test_trailing_slash_is_ignored(http: httpx.Client, spelling: str) -> None:
    assert http.post(spelling, json={"name": "fraud", "unknown": 1}).status_code == 200
    assert [row["name"] for row in http.get(spelling).json()["endpoints"]] == ["fraud"]


def test_exception_has_api_error_format(http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_serving.workspace.serving.endpoints.detailed", lambda *_: 1 / 0)
    broken = http.post(URL, json={"name": "fraud"})
    assert (broken.status_code, broken.json()["error_code"]) == (500, "INTERNAL_ERROR")
    monkeypatch.undo()
    assert http.get(f"{URL}/fraud").status_code == 404
