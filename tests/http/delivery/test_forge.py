"""Comments and issues on a forge, played by a small server on loopback."""

import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import httpx
import pytest

from model_serving.cli.main import main
from model_serving.delivery.forge import ForgeError, GitHub, forge
from model_serving.review.render.markers import reviewed_digest


class Forge(BaseHTTPRequestHandler):
    """Lists that can be written to, at any address; the last part of an item's address is its number."""

    lists: ClassVar[dict[str, list[dict[str, Any]]]] = {}
    writes: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        address, _, query = self.path.partition("?")
        page = int(dict(part.split("=") for part in query.split("&")).get("page", "1")) if query else 1
        items = [item for item in self.lists.get(address, []) if item.get("state") != "closed"]
        more = f"http://{self.headers['Host']}{address}?per_page=100&page={page + 1}"
        links = {"Link": f'<{more}>; rel="next"'} if len(items) > page * 100 else {}
        self._answer(200, items[(page - 1) * 100 : page * 100], links)

    def do_POST(self) -> None:
        items = self.lists.setdefault(self.path, [])
        number = sum(map(len, self.lists.values()))
        items.append({"id": number, "number": number, "iid": number, **self._body()})
        self.writes.append(f"POST {self.path}")
        self._answer(201, items[-1])

    def do_PATCH(self) -> None:  # and PUT, as GitLab has it
        number = int(self.path.rpartition("/")[2])
        item = next(item for items in self.lists.values() for item in items if item["id"] == number)
        item.update(self._body())
        self.writes.append(f"{self.command} {self.path}")
        self._answer(200, item)

    do_PUT = do_PATCH  # noqa: N815  the name by which the server finds it

    def log_message(self, *_: Any) -> None:
        """Log nothing."""

    def _body(self) -> dict[str, Any]:
        found = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert isinstance(found, dict)
        return found

    def _answer(self, status: int, body: Any, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        allowed = self.headers.get("Authorization") == "Bearer t" or self.headers.get("PRIVATE-TOKEN") == "t"
        text = json.dumps(body if allowed else {"message": "Bad credentials"}).encode()
        self.send_response(status if allowed else 401)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture
def server() -> Iterator[str]:
    Forge.lists, Forge.writes = {}, []
    running = ThreadingHTTPServer(("127.0.0.1", 0), Forge)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture(params=["github", "gitlab"])
def environment(request: pytest.FixtureRequest, server: str) -> dict[str, str]:
    if request.param == "github":
        return {"GITHUB_REPOSITORY": "o/n", "GITHUB_API_URL": server, "GITHUB_TOKEN": "t"}
    return {"CI_PROJECT_ID": "7", "CI_API_V4_URL": server, "GITLAB_TOKEN": "t"}


def test_a_comment_is_updated_in_place(environment: dict[str, str]) -> None:
    comments = forge(environment).comments(3)
    assert [comments.put("<!-- prod -->", f"<!-- prod -->\n{text}") for text in "aab"] == [
        "created",
        "unchanged",
        "updated",
    ]
    assert comments.get("<!-- prod -->") == "<!-- prod -->\nb"
    assert [write.partition(" ")[0] for write in Forge.writes] == [
        "POST",
        "PATCH" if "GITHUB_TOKEN" in environment else "PUT",
    ]


def test_comments_are_found_on_later_pages(environment: dict[str, str]) -> None:
    comments = forge(environment).comments(3)
    for n in range(120):
        comments.put(f"<!-- {n} -->", f"<!-- {n} -->\nfirst")
    assert comments.put("<!-- 110 -->", "<!-- 110 -->\nsecond") == "updated"
    assert comments.get("<!-- 11 -->") == "<!-- 11 -->\nfirst"


def test_a_quoted_comment_is_ignored(environment: dict[str, str]) -> None:
    comments = forge(environment).comments(3)
    comments.put("> <!-- prod -->", "> <!-- prod -->\nquoted by a person")
    assert comments.get("<!-- prod -->") == ""


def test_an_issue_is_closed_without_drift(environment: dict[str, str]) -> None:
    issues = forge(environment).issues()
    assert issues.put("<!-- prod -->", "<!-- prod -->\ndrift", "prod drifted") == "created"
    assert (issues.close("<!-- prod -->"), Forge.writes[-1].rpartition("/")[2]) == ("closed", "0")


def test_a_refusal_never_shows_the_token(server: str) -> None:
    wrong = {"GITHUB_REPOSITORY": "o/n", "GITHUB_API_URL": server, "GITHUB_TOKEN": "planted-token"}
    with pytest.raises(ForgeError, match=r"was answered 401: .*Bad credentials") as refused:
        forge(wrong).comments(3).get("x")
    assert "planted-token" not in str(refused.value)


def test_a_line_break_at_the_end_of_the_token_is_ignored(server: str) -> None:
    environment = {"GITHUB_REPOSITORY": "o/n", "GITHUB_API_URL": server, "GITHUB_TOKEN": "t\n"}
    assert forge(environment).issues().close("no such marker") == "none open"


@pytest.mark.parametrize("token", ["plan\nted", "plantéd"])
def test_a_malformed_token_is_never_shown(server: str, token: str) -> None:
    with pytest.raises(ForgeError, match="GITHUB_TOKEN has characters that no token has") as refused:
        forge({"GITHUB_REPOSITORY": "o/n", "GITHUB_API_URL": server, "GITHUB_TOKEN": token}).merged_by("0123abc")
    assert "plan" not in str(refused.value)


def test_outside_of_a_job_variables_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    monkeypatch.delenv("CI_PROJECT_ID", raising=False)
    assert main(["ci", "reviewed-digest", "--pull-request", "1", "--stack", "prod"]) == 1
    assert "run this in a GitHub or GitLab job" in capsys.readouterr().err


def test_the_digest_comes_from_the_hidden_line() -> None:
    assert reviewed_digest("<!-- m -->\n<!-- reviewed:0123456789abcdef -->\n\n## x") == "0123456789abcdef"
    assert reviewed_digest("## `<!-- reviewed:0123456789abcdef -->` said somebody") == ""


@pytest.mark.parametrize(
    ("stack", "action"),
    [
        ({"order": [], "errors": []}, "closed"),
        ({"order": ["update"], "errors": []}, "updated"),
        ({"order": [], "errors": ["e"]}, "updated"),
    ],
    ids=["no drift", "drift", "failed"],
)
def test_the_json_report_decides_about_the_issue(
    stack: dict[str, Any], action: str, environment: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, text = tmp_path / "drift.json", tmp_path / "drift.md"
    report.write_text(json.dumps({"version": 1, "stacks": [stack]}))
    text.write_text("<!-- model-serving-review:prod -->\nnew\n")
    forge(environment).issues().put(
        "<!-- model-serving-review:prod -->", "<!-- model-serving-review:prod -->\nold", "t"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GITHUB_REPOSITORY", raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        assert main(["ci", "issue", "--stack", "prod", "--report", str(report), "--file", str(text)]) == 0
    assert capsys.readouterr().out == f"Issue for prod: {action}\n"


def test_an_issue_needs_a_json_report(
    tmp_path: Path, server: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"GITHUB_REPOSITORY": "o/n", "GITHUB_API_URL": server, "GITHUB_TOKEN": "t"}.items():
        monkeypatch.setenv(name, value)
    report = tmp_path / "drift.md"
    report.write_text("## No drift")
    assert main(["ci", "issue", "--stack", "prod", "--report", str(report), "--file", str(report)]) == 1
    assert "is not a report in JSON" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("server_answers", "message"), [("<html>", "was answered without JSON: <html>"), (None, "failed: ")]
)
def test_a_broken_forge_is_an_error(server_answers: str | None, message: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if server_answers is None:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200, text=server_answers)

    client = httpx.Client(base_url="http://forge.example", transport=httpx.MockTransport(answer))
    with pytest.raises(ForgeError, match=message):
        GitHub(client).merged_by("0123abc")
