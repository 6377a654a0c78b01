"""Comments and issues on a forge that is played by a small server on loopback."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from model_serving.cli.main import main
from model_serving.delivery.forge import ForgeError, forge, reviewed_digest


class Forge(BaseHTTPRequestHandler):
    """Lists that can be written to, at whatever address; an item is found by the last part of its address."""

    lists: ClassVar[dict[str, list[dict[str, Any]]]] = {}
    writes: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        address, _, query = self.path.partition("?")
        page = int(dict(part.split("=") for part in query.split("&")).get("page", "1")) if query else 1
        items = [item for item in self.lists.get(address, []) if item.get("state") != "closed"]
        self._answer(200, items[(page - 1) * 100 : page * 100])

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
        """Say nothing."""

    def _body(self) -> dict[str, Any]:
        found = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert isinstance(found, dict)
        return found

    def _answer(self, status: int, body: Any) -> None:
        allowed = self.headers.get("Authorization") == "Bearer t" or self.headers.get("PRIVATE-TOKEN") == "t"
        text = json.dumps(body if allowed else {"message": "Bad credentials"}).encode()
        self.send_response(status if allowed else 401)
        self.send_header("Content-Length", str(len(text)))
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


def test_a_comment_is_written_once_and_then_anew_in_place(environment: dict[str, str]) -> None:
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


def test_each_stack_has_its_own_comment_even_after_a_hundred_others(environment: dict[str, str]) -> None:
    comments = forge(environment).comments(3)
    for n in range(120):
        comments.put(f"<!-- {n} -->", f"<!-- {n} -->\nfirst")
    assert comments.put("<!-- 110 -->", "<!-- 110 -->\nsecond") == "updated"
    assert comments.get("<!-- 11 -->") == "<!-- 11 -->\nfirst"


def test_a_quoted_comment_is_not_taken_for_the_own(environment: dict[str, str]) -> None:
    comments = forge(environment).comments(3)
    comments.put("> <!-- prod -->", "> <!-- prod -->\nquoted by a person")
    assert comments.get("<!-- prod -->") == ""


def test_an_issue_is_closed_when_there_is_nothing_to_tell(environment: dict[str, str]) -> None:
    issues = forge(environment).issues()
    assert issues.put("<!-- prod -->", "<!-- prod -->\ndrift", "prod drifted") == "created"
    assert (issues.close("<!-- prod -->"), Forge.writes[-1].rpartition("/")[2]) == ("closed", "0")


def test_a_refusal_is_a_sentence_without_the_token(server: str) -> None:
    wrong = {"GITHUB_REPOSITORY": "o/n", "GITHUB_API_URL": server, "GITHUB_TOKEN": "planted-token"}
    with pytest.raises(ForgeError, match=r"was answered 401: .*Bad credentials") as refused:
        forge(wrong).comments(3).get("x")
    assert "planted-token" not in str(refused.value)


def test_outside_of_a_job_the_command_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    monkeypatch.delenv("CI_PROJECT_ID", raising=False)
    assert main(["ci", "reviewed-digest", "--pull-request", "1", "--stack", "prod"]) == 1
    assert "this runs in a GitHub or GitLab job" in capsys.readouterr().err


def test_the_digest_is_read_from_the_hidden_line_only() -> None:
    assert reviewed_digest("<!-- m -->\n<!-- reviewed:0123456789abcdef -->\n\n## x") == "0123456789abcdef"
    assert reviewed_digest("## `<!-- reviewed:0123456789abcdef -->` said somebody") == ""
