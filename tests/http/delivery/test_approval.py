"""Which digest was approved: the one on show at the last approval that counts."""

import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from model_serving.cli.main import main
from model_serving.review.render.markers import digest_marker, marker
from tests.support.fake_forge import Answer, FakeForge
from tests.support.reviewed import HEAD, KEY, ONE, OTHER_HEAD, SECTIONS, TWO, Approved, Report, own_comment


def test_the_digest_of_an_approved_report_is_printed(forge: FakeForge, report: Report, approved: Approved) -> None:
    assert report() == 0
    forge.review(7)
    assert approved() == (0, ONE)
    forge.merge(7, "c" * 40)
    assert approved() == (0, ONE)


def test_the_record_is_written_for_a_deployment(
    forge: FakeForge, report: Report, approved: Approved, tmp_path: Path
) -> None:
    report()
    forge.review(7)
    assert approved("--output", str(tmp_path / "approved.json")) == (0, ONE)
    record = json.loads((tmp_path / "approved.json").read_text())
    assert {name: record[name] for name in ("stack", "pull_request", "head", "digest", "sections")} == {
        "stack": "prod",
        "pull_request": 7,
        "head": HEAD,
        "digest": ONE,
        "sections": SECTIONS,
    }


def test_a_comment_shows_no_key_and_stays_readable(forge: FakeForge, report: Report) -> None:
    report()
    lines = own_comment(forge).text.splitlines()
    assert lines[0] == marker("prod")
    assert re.fullmatch(r"<!-- model-serving-record:[\w=-]+\.[\w=-]+ -->", lines[1])
    assert lines[2:] == [digest_marker(ONE, SECTIONS), "", "## text"]
    assert KEY not in "\n".join([*lines, *forge.requests])


def test_the_report_on_show_at_the_approval_counts(forge: FakeForge, report: Report, approved: Approved) -> None:
    report(ONE)
    forge.review(7)
    time.sleep(1.1)  # forges and records show whole seconds
    report(TWO)
    assert approved() == (0, ONE)
    forge.review(7)
    assert approved() == (0, TWO)


def test_a_report_counts_once_it_is_posted(forge: FakeForge, report: Report, approved: Approved) -> None:
    """Whoever approves between its signature and its posting has seen the one before."""
    report(ONE)
    time.sleep(1.1)  # forges and records show whole seconds
    report(TWO)
    own_comment(forge).updated += timedelta(seconds=60)
    forge.review(7, after=30)
    assert approved() == (0, ONE)
    forge.review(7, after=61)
    assert approved() == (0, TWO)


def test_reports_of_one_commit_stay(forge: FakeForge, report: Report) -> None:
    for digest in (ONE, ONE, ONE, TWO, ONE):
        report(digest)
    assert own_comment(forge).text.count("model-serving-record") == 4
    forge.push(7, OTHER_HEAD)
    report(TWO, head=OTHER_HEAD)
    assert own_comment(forge).text.count("model-serving-record") == 1


def test_a_slow_report_does_not_replace_a_later_one(
    forge: FakeForge, report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    report(ONE)
    forge.push(7, OTHER_HEAD)
    report(TWO, head=OTHER_HEAD)
    before = own_comment(forge).text
    assert report(ONE) == 0
    assert "aaaaaaaaaaaa is no longer the newest commit" in capsys.readouterr().out
    assert own_comment(forge).text == before


def test_records_fit_in_their_room(forge: FakeForge, report: Report) -> None:
    stack = "s" * 100
    for number in range(30):
        report(f"{number:032}", stack=stack)
    records = [line for line in own_comment(forge).text.splitlines() if "model-serving-record" in line]
    assert len(records) == 10
    assert sum(map(len, records)) < 10_000


@pytest.mark.usefixtures("forge")
def test_without_approval_the_last_report_counts(report: Report, approved: Approved) -> None:
    report(ONE)
    report(TWO)
    assert approved("--without-approval") == (0, TWO)


def test_an_approval_before_the_report_is_refused(forge: FakeForge, report: Report, approved: Approved) -> None:
    forge.review(7, after=-60)
    report()
    status, said = approved()
    assert status == 1
    assert re.search(r"reviewer approved at .* UTC, before the first report of this commit .*: approve again", said)


def test_a_failed_report_can_not_be_approved(forge: FakeForge, report: Report, approved: Approved) -> None:
    report("")
    forge.review(7)
    assert approved() == (1, "The report for prod on pull request 7 has no digest: its preview failed")


def unapproved(*reviews: str) -> Callable[[FakeForge], None]:
    def review(forge: FakeForge) -> None:
        for each in reviews:
            by, _, state = each.partition(" ")
            forge.review(7, by, state or "APPROVED")

    return review


def of_older_commit(forge: FakeForge) -> None:
    forge.review(7, commit=OTHER_HEAD)


UNAPPROVED = {
    "nobody": (unapproved(), "nobody approved it"),
    "only a comment": (unapproved("reviewer COMMENTED"), "nobody approved it"),
    "the author": (unapproved("author"), "author is its author"),
}
ON_GITHUB = {
    "dismissed": (unapproved("reviewer DISMISSED"), "the approval by reviewer was dismissed"),
    "changes requested": (unapproved("reviewer", "reviewer CHANGES_REQUESTED"), "reviewer requests changes"),
    "an older commit": (of_older_commit, "reviewer approved commit bbbbbbbbbbbb, and the newest is aaaaaaaaaaaa"),
    "a reader": (unapproved("visitor"), "visitor may not write to the repository"),
    "an app": (unapproved("github-actions[bot]"), "github-actions[bot] may not write to the repository"),
}


@pytest.mark.parametrize(
    ("forge", "case"),
    [
        *(("github", case) for case in (*UNAPPROVED, *ON_GITHUB)),
        *(("gitlab", case) for case in UNAPPROVED),  # it lists none of the others
    ],
    indirect=["forge"],
)
def test_an_unapproved_pull_request_is_refused(case: str, forge: FakeForge, report: Report, approved: Approved) -> None:
    report()
    review, why = {**UNAPPROVED, **ON_GITHUB}[case]
    review(forge)
    assert approved() == (1, f"Pull request 7 is not approved: {why}")
    assert approved("--without-approval") == (0, ONE)


def test_a_withdrawn_approval_is_refused_on_gitlab(forge: FakeForge, report: Report, approved: Approved) -> None:
    report()
    forge.review(7)
    forge.review(7, state="DISMISSED")
    assert approved()[0] == 1


@pytest.mark.parametrize("forge", ["github"], indirect=True)  # GitLab has no reviews that only comment
def test_a_comment_does_not_withdraw_an_approval(forge: FakeForge, report: Report, approved: Approved) -> None:
    report()
    forge.review(7)
    forge.review(7, state="COMMENTED")
    assert approved() == (0, ONE)


def test_one_counting_approval_is_enough(forge: FakeForge, report: Report, approved: Approved) -> None:
    report()
    for by in ("author", "reviewer"):
        forge.review(7, by)
    assert approved() == (0, ONE)


def test_an_older_gitlab_has_the_times_in_notes(forge: FakeForge, report: Report, approved: Approved) -> None:
    forge.with_approval_times = False
    forge.review(7, after=-60)
    report()
    assert approved()[0] == 1
    forge.review(7)
    assert approved() == (0, ONE)


@pytest.mark.usefixtures("forge")
def test_an_unreviewed_pull_request_is_refused(approved: Approved) -> None:
    assert approved() == (1, "Pull request 7 has no comment for prod: it was never reviewed")


def test_a_push_without_pull_request_is_refused(forge: FakeForge, approved: Approved) -> None:
    assert approved(number=0) == (1, "No pull request brought this commit, so no report of it was approved")
    assert forge.requests == []


MERGES = {
    "merge commit": ("c" * 40, HEAD),
    "squash": ("c" * 40,),
    "rebase": ("c" * 40, "d" * 40),
    "fast forward": (HEAD,),
}


@pytest.mark.parametrize("how", MERGES)
def test_a_merged_pull_request_is_found_by_its_commit(
    how: str, forge: FakeForge, report: Report, approved: Approved, capsys: pytest.CaptureFixture[str]
) -> None:
    report()
    forge.review(7)
    forge.merge(7, *MERGES[how])
    capsys.readouterr()
    assert main(["ci", "merged", "--commit", MERGES[how][0]]) == 0
    assert capsys.readouterr().out == "7\n"
    assert approved() == (0, ONE)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("", "MODEL_SERVING_REVIEW_KEY is not set, so no record can be verified"),
        ("short", "MODEL_SERVING_REVIEW_KEY has 5 bytes and needs at least 32"),
        ("f" * 32, "was not signed with this job's MODEL_SERVING_REVIEW_KEY"),
    ],
)
def test_a_wrong_key_is_refused(
    key: str, message: str, forge: FakeForge, report: Report, approved: Approved, monkeypatch: pytest.MonkeyPatch
) -> None:
    report()
    forge.review(7)
    monkeypatch.setenv("MODEL_SERVING_REVIEW_KEY", key)
    status, said = approved()
    assert (status, message in said) == (1, True)
    assert not key or key not in said


def test_without_a_key_the_comment_has_no_record(
    forge: FakeForge, report: Report, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MODEL_SERVING_REVIEW_KEY")
    assert report() == 0
    assert "model-serving-record" not in own_comment(forge).text
    assert "a deployment of it needs the approval of the environment" in capsys.readouterr().err


def test_a_record_needs_the_reviewed_commit(
    forge: FakeForge, report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(head="") == 3
    assert "Give --head SHA" in capsys.readouterr().err
    assert forge.requests == []


@pytest.mark.parametrize("status", [401, 403, 404, 500, 502])
def test_a_failing_forge_is_one_sentence(status: int, forge: FakeForge, report: Report, approved: Approved) -> None:
    report()
    forge.failure = Answer(status, {"message": "said the forge"})
    ended, said = approved()
    assert ended == 1
    assert str(status) in said
    assert "\n" not in said
