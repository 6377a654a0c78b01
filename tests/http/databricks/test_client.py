"""The client while the workspace fails: its errors, its timeouts and its retries."""

import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from model_serving.databricks import call_clock, client
from model_serving.databricks.client import Workspace, connect
from model_serving.databricks.errors import CallError, NotFoundError, SignInError, UnavailableError, UnreachableError

ME = "/api/2.0/preview/scim/v2/Me"
GATEWAY = "/api/2.0/serving-endpoints/fraud/ai-gateway"
PROBE = "/.well-known/databricks-config"
SECRET = "secret-of-the-body"


@pytest.fixture
def stopwatch() -> Callable[[], float]:
    began = time.monotonic()
    return lambda: time.monotonic() - began


def fault(frozen: Any, pattern: str, **rule: Any) -> None:
    frozen.call("POST", "/_workspace/faults", {"pattern": pattern, "times": -1, **rule})


def patient(frozen: Any, seconds: str) -> Workspace:
    """A client with the bound as a stack file has it, a text."""
    return Workspace({**frozen.settings(), "retryTimeoutSeconds": seconds, "httpTimeoutSeconds": "5"})


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        ({"status": 503, "message": "Being upgraded"}, "503 (Being upgraded)"),
        ({"status": 503, "body": "upstream connect error"}, "503 (upstream connect error)"),
        ({"status": 503, "body": "<html><h1>No  server</h1></html>"}, "503 (No server)"),
        ({"status": 503, "body": ""}, "503 (Service Unavailable)"),
        ({"status": 429, "message": "Slow down"}, "429 (Slow down)"),
    ],
    ids=["JSON", "text", "HTML", "empty", "throttled"],
)
def test_unavailable_workspace_is_reported_with_its_answer(
    frozen: Any, stopwatch: Callable[[], float], rule: dict[str, Any], answer: str
) -> None:
    fault(frozen, f"PUT {GATEWAY}", **rule)
    with pytest.raises(UnavailableError) as raised:
        patient(frozen, "1").call("PUT", GATEWAY, {"value": SECRET})
    message = re.escape(f"The workspace {frozen.origin} answers {answer} to PUT {GATEWAY}, tried for ")
    assert re.fullmatch(message + r"\d s", str(raised.value))
    assert 1 <= stopwatch() < 5


def test_plain_text_error_omits_the_request(frozen: Any) -> None:
    fault(frozen, f"PUT {GATEWAY}", status=502, body="no healthy upstream")
    with pytest.raises(CallError) as raised:
        patient(frozen, "5").call("PUT", GATEWAY, {"value": SECRET})
    assert str(raised.value) == "502 (no healthy upstream)"


@pytest.mark.parametrize("body", ["<html>Sign in</html>", "[]"])
def test_answer_of_another_server_is_reported(frozen: Any, body: str) -> None:
    fault(frozen, f"GET {ME}", status=200, body=body)
    with pytest.raises(CallError, match="is not that of a Databricks workspace"):
        patient(frozen, "5").get(ME)


def test_temporary_503_is_retried(frozen: Any) -> None:
    frozen.call("POST", "/_workspace/faults", {"pattern": f"GET {ME}", "status": 503, "body": "upgrade"})
    assert patient(frozen, "20").get(ME)["userName"] == "admin@example.com"


def test_waiting_prints_progress(
    frozen: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(call_clock, "FIRST_MESSAGE_SECONDS", 1)
    fault(frozen, f"GET {ME}", status=503, message="Being upgraded")
    with pytest.raises(UnavailableError):
        patient(frozen, "5").get(ME)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"The workspace {frozen.origin} answers 503 (Being upgraded) to GET {ME}: waiting since ")
    assert line.endswith(" s, gives up after 5 s")


def test_retry_after_is_limited_by_the_timeout(frozen: Any, stopwatch: Callable[[], float]) -> None:
    workspace = patient(frozen, "1")
    workspace._client._api_client._clock.begin("GET /x")  # noqa: SLF001
    workspace._client._api_client._clock.sleep(3600)  # noqa: SLF001
    assert stopwatch() < 5


def test_lost_connection_of_the_probe_is_retried(frozen: Any) -> None:
    frozen.call("POST", "/_workspace/faults", {"pattern": f"GET {PROBE}", "reset": True, "times": 2})
    assert patient(frozen, "20").get(ME)["userName"] == "admin@example.com"


def test_resetting_host_fails_soon(frozen: Any, stopwatch: Callable[[], float]) -> None:
    fault(frozen, f"GET {PROBE}", reset=True)
    with pytest.raises(UnreachableError, match=r"does not answer: .*reset by peer"):
        patient(frozen, "60")
    assert stopwatch() < 8


def test_probe_answered_503_is_retried_and_reported(frozen: Any, stopwatch: Callable[[], float]) -> None:
    fault(frozen, f"GET {PROBE}", status=503, body="no server")
    with pytest.raises(UnavailableError, match=r"answers 503 \(no server\) to GET /.well-known/databricks-config"):
        patient(frozen, "1")
    assert stopwatch() < 5


@pytest.mark.parametrize("rule", [{"message": "Later"}, {"body": "Later"}], ids=["JSON", "text"])
def test_unavailable_token_service_is_retried(frozen: Any, rule: dict[str, str]) -> None:
    _, settings = frozen.principal()
    unavailable = {"pattern": "POST /oidc/v1/token", "status": 503, **rule}
    frozen.call("POST", "/_workspace/faults", {**unavailable, "times": 3})
    assert Workspace({**settings, "retryTimeoutSeconds": "20"}).get(ME)["userName"] == settings["clientId"]
    frozen.call("POST", "/_workspace/faults", {**unavailable, "times": -1})
    with pytest.raises(UnavailableError, match=r"answers 503 \(Later\) to POST /oidc/v1/token, tried for \d s$"):
        Workspace({**settings, "retryTimeoutSeconds": "1"}).get(ME)


def test_waiting_threads_share_a_failed_connection(frozen: Any, stopwatch: Callable[[], float]) -> None:
    fault(frozen, f"GET {PROBE}", status=503)
    settings = {**frozen.settings(), "retryTimeoutSeconds": "2"}
    with ThreadPoolExecutor(4) as pool:
        errors = [attempt.exception() for attempt in [pool.submit(connect, settings) for _ in range(4)]]
    assert [type(error) for error in errors] == [UnavailableError] * 4
    assert stopwatch() < 6
    frozen.call("DELETE", "/_workspace/faults")
    assert connect(settings).get(ME)["userName"] == "admin@example.com"


def test_absent_local_workspace_fails_soon(stopwatch: Callable[[], float]) -> None:
    with pytest.raises(UnreachableError, match=r"^The workspace http://127.0.0.1:1 does not answer: .*refused"):
        Workspace({"host": "http://127.0.0.1:1", "token": "x"})
    assert stopwatch() < 4


def test_host_of_a_profile_is_probed(frozen: Any, stopwatch: Callable[[], float], tmp_path: Path) -> None:  # noqa: ARG001
    profiles = tmp_path / "profiles"
    profiles.write_text("[team]\nhost = http://127.0.0.1:1\ntoken = x\n", encoding="utf-8")
    with pytest.raises(UnreachableError, match=r"^The workspace http://127.0.0.1:1 does not answer"):
        Workspace({"configFile": str(profiles), "profile": "team"})
    assert stopwatch() < 4


def test_silent_host_fails_after_one_timeout(stopwatch: Callable[[], float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(UnreachableError, match="does not answer: timed out"):
            Workspace({"host": host, "token": "x", "httpTimeoutSeconds": "1"})
    assert stopwatch() < 3


@pytest.mark.parametrize("value", ["soon", "0", "-1"])
def test_invalid_timeout_setting_is_reported(frozen: Any, value: str) -> None:
    message = f'^databricks:retryTimeoutSeconds must be a whole number of seconds, at least 1; found "{value}"$'
    with pytest.raises(CallError, match=message):
        patient(frozen, value)


@pytest.mark.parametrize("token", ["planted\n", "plan\nted"])
def test_token_with_a_line_break_is_not_shown(frozen: Any, token: str) -> None:
    with pytest.raises(SignInError, match="The token has a line break") as refused:
        connect({"host": frozen.origin, "token": token}).get(ME)
    assert "plan" not in str(refused.value)


def test_text_is_read_as_it_is(frozen: Any) -> None:
    frozen.endpoint("fraud")
    frozen.clock.advance(60)
    assert "# TYPE request_count" in connect(frozen.settings()).text("/api/2.0/serving-endpoints/fraud/metrics")
    with pytest.raises(NotFoundError, match="missing"):
        connect(frozen.settings()).text("/api/2.0/serving-endpoints/missing/metrics")


def test_proxy_and_certificates_of_the_environment_are_used(
    frozen: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = tmp_path / "certificates.pem"
    certificates.touch()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    direct = Workspace(frozen.settings())
    assert direct.get(ME)["userName"]
    session = direct._client._api_client._session  # noqa: SLF001
    assert ("http" in session.proxies, session.verify) == (False, str(certificates))
    session.trust_env = True
    client._with_environment(session, "http://elsewhere.example")  # noqa: SLF001
    assert session.proxies["http"] == "http://127.0.0.1:9"
