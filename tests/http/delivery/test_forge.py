"""Comments, issues and failures of a forge, played by a server on loopback (tests/support/fake_forge.py)."""

import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from model_serving.cli.main import main
from model_serving.delivery.drift.reports import Result
from model_serving.delivery.forges.client import Client, ForgeError, Limits
from model_serving.delivery.forges.forge import forge
from model_serving.delivery.forges.github import GitHub
from model_serving.review.assess.report import Stamp
from tests.support.drift_reports import NOTHING_DIFFERS, SCORER, report_of
from tests.support.fake_forge import Answer, FakeForge, Kind, fake_forge


@pytest.fixture(params=["github", "gitlab"])
def server(request: pytest.FixtureRequest) -> Iterator[FakeForge]:
    kind: Kind = request.param
    with fake_forge(kind) as found:
        found.open(3, head="0123abc")
        yield found


@pytest.fixture
def environment(server: FakeForge) -> dict[str, str]:
    return server.environment()


def test_a_comment_is_updated_in_place(server: FakeForge, environment: dict[str, str]) -> None:
    comments = forge(environment).comments(3)
    assert [comments.put("<!-- prod -->", f"<!-- prod -->\n{text}") for text in "aab"] == [
        "created",
        "unchanged",
        "updated",
    ]
    assert [each.text for each in comments.beginning("<!-- prod -->")] == ["<!-- prod -->\nb"]
    assert [write.partition(" ")[0] for write in server.writes] == [
        "POST",
        "PATCH" if server.kind == "github" else "PUT",
    ]


def test_comments_are_found_on_later_pages(server: FakeForge, environment: dict[str, str]) -> None:
    comments = forge(environment).comments(3)
    for n in range(120):
        server.comment(3, server.pipeline, f"<!-- {n} -->\nfirst")
    assert comments.put("<!-- 110 -->", "<!-- 110 -->\nsecond") == "updated"
    assert [each.text for each in comments.beginning("<!-- 11 -->")] == ["<!-- 11 -->\nfirst"]


def test_a_quoted_comment_is_ignored(server: FakeForge, environment: dict[str, str]) -> None:
    server.comment(3, server.pipeline, "> <!-- prod -->\nquoted by a person")
    assert forge(environment).comments(3).own("<!-- prod -->") is None


def test_a_comment_of_another_user_is_left_alone(server: FakeForge, environment: dict[str, str]) -> None:
    forged = server.comment(3, "author", "<!-- prod -->\nforged")
    assert forge(environment).comments(3).put("<!-- prod -->", "<!-- prod -->\nown") == "created"
    assert forge(environment).comments(3).put("<!-- prod -->", "<!-- prod -->\nnewer") == "updated"
    assert forged.text == "<!-- prod -->\nforged"


def test_a_token_of_a_person_finds_their_comment(server: FakeForge) -> None:
    comments = forge(server.environment("reviewer")).comments(3)
    assert [comments.put("<!-- prod -->", f"<!-- prod -->\n{text}") for text in "ab"] == ["created", "updated"]


def test_another_app_is_named_by_a_variable(server: FakeForge, environment: dict[str, str]) -> None:
    server.comment(3, "visitor", "<!-- prod -->\nby an app")
    environment["MODEL_SERVING_COMMENT_AUTHOR"] = "visitor"
    assert forge(environment).comments(3).own("<!-- prod -->") is not None


def test_an_issue_is_closed_without_drift(server: FakeForge, environment: dict[str, str]) -> None:
    issues = forge(environment).issues()
    assert issues.put("<!-- prod -->", "<!-- prod -->\ndrift", "prod drifted") == "created"
    assert issues.close("<!-- prod -->") == "closed"
    assert [each.open for each in server.issues] == [False]


def test_only_a_merged_pull_request_brings_a_commit(server: FakeForge, environment: dict[str, str]) -> None:
    assert forge(environment).merged_by("0123abc") == 0
    server.open(4, head="0123abc", base="feature")
    server.merge(4, "0123abc")
    server.merge(3, "fff", "0123abc")
    assert forge(environment).merged_by("fff") == 3
    assert forge(environment).merged_by("eee") == 0


def test_a_refusal_never_shows_the_token(server: FakeForge, environment: dict[str, str]) -> None:
    name = "GITHUB_TOKEN" if server.kind == "github" else "GITLAB_TOKEN"
    with pytest.raises(
        ForgeError, match=f"rejected the token in {name} .*(Bad credentials|401 Unauthorized)"
    ) as refused:
        forge({**environment, name: "planted-token"}).comments(3).own("x")
    assert "planted-token" not in str(refused.value)


def test_a_line_break_at_the_end_of_the_token_is_ignored(server: FakeForge, environment: dict[str, str]) -> None:
    name = "GITHUB_TOKEN" if server.kind == "github" else "GITLAB_TOKEN"
    assert forge({**environment, name: f"{environment[name]}\n"}).issues().close("no such marker") == "none open"


@pytest.mark.parametrize("token", ["plan\nted", "plantéd"])
def test_a_malformed_token_is_never_shown(token: str) -> None:
    with pytest.raises(ForgeError, match="GITHUB_TOKEN has characters that no token has") as refused:
        forge({"GITHUB_REPOSITORY": "o/n", "GITHUB_TOKEN": token}).merged_by("0123abc")
    assert "plan" not in str(refused.value)


FAILURES = [
    (Answer(401, {"message": "Bad credentials"}), r"rejected the token in GIT(HUB|LAB)_TOKEN"),
    (Answer(403, {"message": "Resource not accessible"}), r"Give GIT(HUB|LAB)_TOKEN the permission"),
    (Answer(404, {"message": "Not Found"}), r"has nothing at .* may not see it"),
    (Answer(502, "<html>\nbad gateway"), r"failed at GET .* \(502: <html> bad gateway\)"),
    (
        Answer(403, {"message": "x"}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "0"}),
        "used up until 00:00 UTC",
    ),
    (Answer(429, {"message": "x"}, {"Retry-After": "40"}), "used up for 40 s"),
    (Answer(200, "<html>"), "without JSON: <html>"),
]


@pytest.mark.parametrize(("failure", "message"), FAILURES)
def test_a_failure_is_one_sentence(
    failure: Answer, message: str, server: FakeForge, environment: dict[str, str]
) -> None:
    server.failure = failure
    with pytest.raises(ForgeError, match=message) as raised:
        forge(environment).pull_request(3)
    assert "\n" not in str(raised.value)


def test_an_unreachable_forge_is_one_sentence() -> None:
    environment = {"GITHUB_REPOSITORY": "o/n", "GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_TOKEN": "t"}
    with pytest.raises(ForgeError, match=r"^GitHub can't be reached at http://127.0.0.1:9: [^\n]+$"):
        forge(environment).pull_request(3)


@pytest.mark.parametrize("limits", [Limits(request=0.2), Limits(total=0.2)], ids=["one answer", "all answers"])
def test_a_silent_forge_is_not_waited_for(limits: Limits, server: FakeForge) -> None:
    server.failure = Answer(200, [], delay=1)
    client = Client("GitHub", server.url, "repos/shop/models", "GITHUB_TOKEN", {}, limits)
    started = time.monotonic()
    with pytest.raises(ForgeError, match="did not answer within 0 s"):
        GitHub(client, "shop/models").pull_request(3)
    assert time.monotonic() - started < 1


def test_all_waiting_ends_within_half_a_minute() -> None:
    assert Limits().total + Limits().request <= 35
    assert Limits().total <= 30


def test_a_slow_answer_is_bounded() -> None:
    class Slow(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                time.sleep(0.05)
                yield b" "

    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Slow()))
    client = Client("GitHub", "http://forge.example", "p", "T", {}, Limits(total=0.3), transport)
    with pytest.raises(ForgeError, match="did not answer within"):
        client.get("x")


def test_a_compressed_answer_is_read() -> None:
    body = gzip.compress(json.dumps({"name": "é"}).encode())
    headers = {"Content-Encoding": "gzip", "Transfer-Encoding": "chunked"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=httpx.ByteStream(body)))
    assert Client("GitHub", "http://forge.example", "p", "T", {}, transport=transport).get("x") == {"name": "é"}


def test_outside_of_a_job_variables_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    monkeypatch.delenv("CI_PROJECT_ID", raising=False)
    assert main(["ci", "merged", "--commit", "0123abc"]) == 1
    assert "run this in a GitHub or GitLab job" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("exit_status", "action"), [(0, "closed"), (2, "updated"), (1, "updated")], ids=["clean", "drift", "not compared"]
)
def test_the_json_report_decides_about_the_issue(
    exit_status: int,
    action: str,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    report, text = tmp_path / "drift.json", tmp_path / "drift.md"
    report.write_text(json.dumps({"version": 1, "exit_status": exit_status}))
    text.write_text("<!-- model-serving-review:prod -->\nnew\n")
    forge(environment).issues().put(
        "<!-- model-serving-review:prod -->", "<!-- model-serving-review:prod -->\nold", "t"
    )
    _as_job(environment, monkeypatch)
    assert main(["ci", "issue", "--stack", "prod", "--report", str(report), "--file", str(text)]) == 0
    assert capsys.readouterr().out == f"Issue for prod: {action}\n"


def test_the_issue_of_all_stacks_is_another_one(
    server: FakeForge, environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _as_job(environment, monkeypatch)
    every = replace(NOTHING_DIFFERS, is_whole_workspace=True)
    for name, found, options in (("one", report_of(SCORER), ["--stack", "prod"]), ("all", every, ["--all"])):
        Result(found, (), tmp_path, Stamp()).write(None, [tmp_path / f"{name}.json", tmp_path / f"{name}.md"])
        files = ["--report", str(tmp_path / f"{name}.json"), "--file", str(tmp_path / f"{name}.md")]
        assert main(["ci", "issue", *options, *files]) == 0
    assert [(each.title, each.open) for each in server.issues] == [("Drift: prod", True)]
    mixed = ["--report", str(tmp_path / "one.json"), "--file", str(tmp_path / "one.md")]
    assert main(["ci", "issue", "--all", *mixed]) == 1


@pytest.mark.parametrize("options", [[], ["--all", "--stack", "prod"]])
def test_an_issue_is_of_one_stack_or_all(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ci", "issue", *options, "--report", "drift.json", "--file", "drift.md"]) == 3
    assert "Which stack? Give --stack NAME, or --all" in capsys.readouterr().err


def test_an_issue_needs_a_json_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _as_job({"GITHUB_REPOSITORY": "o/n", "GITHUB_TOKEN": "t"}, monkeypatch)
    report = tmp_path / "drift.md"
    report.write_text("## No drift")
    assert main(["ci", "issue", "--stack", "prod", "--report", str(report), "--file", str(report)]) == 1
    assert "is not a drift report in JSON" in capsys.readouterr().err


def _as_job(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
