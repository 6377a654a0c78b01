"""Which digest was approved, by the signed records in a comment: every forgery is refused with one sentence."""

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from model_serving.cli.main import main
from model_serving.review.render.markers import digest_marker, marker
from tests.support.fake_forge import Answer, Comment, FakeForge, Kind, fake_forge

KEY = "0123456789abcdef" * 2
HEAD, OTHER_HEAD = "a" * 40, "b" * 40
ONE, TWO = "1" * 32, "2" * 32
SECTIONS = {"plan": "12", "components": "34"}


@pytest.fixture(params=["github", "gitlab"])
def forge(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeForge]:
    kind: Kind = request.param
    with fake_forge(kind) as found:
        for name in ("GITHUB_REPOSITORY", "CI_PROJECT_ID", "MODEL_SERVING_COMMENT_AUTHOR"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {**found.environment(), "MODEL_SERVING_REVIEW_KEY": KEY}.items():
            monkeypatch.setenv(name, value)
        found.open(7, head=HEAD)
        yield found


Report = Callable[..., int]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Writes the comment of a review, as the pipeline does."""

    def write(digest: str = ONE, *, stack: str = "prod", number: int = 7, head: str = HEAD, text: str = "text") -> int:
        hidden = f"{marker(stack)}\n{digest_marker(digest, SECTIONS)}\n" if digest else f"{marker(stack)}\n"
        file = tmp_path / "review.md"
        file.write_text(f"{hidden}\n## {text}\n", encoding="utf-8")
        return main(
            ["ci", "comment", "--stack", stack, "--pull-request", str(number), "--head", head, "--file", str(file)]
        )

    return write


Approved = Callable[..., tuple[int, str]]


@pytest.fixture
def approved(capsys: pytest.CaptureFixture[str]) -> Approved:
    """The exit status of `ci approved-digest` and what it printed: the digest, or one sentence."""

    def ask(*options: str, stack: str = "prod", number: int = 7) -> tuple[int, str]:
        capsys.readouterr()
        status = main(["ci", "approved-digest", "--stack", stack, "--pull-request", str(number), *options])
        printed = capsys.readouterr()
        assert (printed.out == "") is (status != 0)
        assert KEY not in printed.err
        return status, (printed.out or printed.err).strip()

    return ask


def own_comment(forge: FakeForge, number: int = 7) -> Comment:
    return next(each for each in forge.pull_requests[number].comments if each.author == forge.pipeline)


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


def test_a_comment_with_markers_by_another_user_is_refused(
    forge: FakeForge, report: Report, approved: Approved
) -> None:
    report()
    forge.pull_requests[7].comments[0].author = "author"
    forge.review(7)
    status, said = approved()
    assert (status, said) == (
        1,
        "The comment for prod on pull request 7 was written by author, not by this pipeline",
    )


def test_a_forged_comment_beside_the_own_one_is_ignored(forge: FakeForge, report: Report, approved: Approved) -> None:
    forge.comment(7, "author", f"{marker('prod')}\n{digest_marker(TWO, {})}\n\n## forged\n")
    report(ONE)
    forge.review(7)
    assert approved() == (0, ONE)


def edited(old: str, new: str) -> Callable[[FakeForge], None]:
    def edit(forge: FakeForge) -> None:
        comment = own_comment(forge)
        assert old in comment.text
        comment.text = comment.text.replace(old, new)

    return edit


def other_key(forge: FakeForge) -> None:
    """Someone signs a record with a key of their own."""
    comment = own_comment(forge)
    line = next(line for line in comment.text.splitlines() if "record" in line)
    payload, _, _ = line.partition(".")
    comment.text = comment.text.replace(line, f"{payload}.{'A' * 43}= -->")


def later_edit(forge: FakeForge) -> None:
    """Someone restores an older text of the comment, records included."""
    comment = own_comment(forge)
    comment.updated = comment.updated.replace(year=comment.updated.year + 1)


def without_records(forge: FakeForge) -> None:
    comment = own_comment(forge)
    comment.text = "\n".join(line for line in comment.text.splitlines() if "record" not in line)


EDITS = {
    "the text": (edited("## text", "## harmless"), "was edited at"),
    "the digest": (edited(ONE, TWO), "was edited at"),
    "a record": (edited("model-serving-record:ey", "model-serving-record:ex"), "was not signed with this job's"),
    "the key": (other_key, "was not signed with this job's MODEL_SERVING_REVIEW_KEY: someone edited or forged it"),
    "the time": (later_edit, "was edited at"),
    "no record": (without_records, "holds no signed record"),
}


@pytest.mark.parametrize("case", EDITS)
def test_an_edited_comment_is_refused(case: str, forge: FakeForge, report: Report, approved: Approved) -> None:
    edit, message = EDITS[case]
    report()
    forge.review(7)
    edit(forge)
    status, said = approved()
    assert status == 1
    assert message in said
    assert "\n" not in said


@pytest.mark.parametrize("case", EDITS)
def test_the_next_report_replaces_an_edited_one(
    case: str, forge: FakeForge, report: Report, approved: Approved
) -> None:
    report()
    EDITS[case][0](forge)
    report(TWO)
    forge.review(7)
    assert approved() == (0, TWO)


def copied(forge: FakeForge, source: int, stack: str = "prod") -> None:
    """Copies the records of a comment into the one of pull request 7."""
    text = own_comment(forge, source).text
    own_comment(forge).text = text.replace(marker(stack), marker("prod"))


def test_a_record_of_another_pull_request_is_refused(forge: FakeForge, report: Report, approved: Approved) -> None:
    forge.open(8, head=HEAD)
    report(ONE)
    report(TWO, number=8)
    forge.review(7)
    copied(forge, 8)
    status, said = approved()
    assert (status, "was copied from the comment for prod on pull request 8 of" in said) == (1, True)


def test_a_record_of_another_stack_is_refused(forge: FakeForge, report: Report, approved: Approved) -> None:
    forge.open(8, head=HEAD)
    report(ONE)
    report(TWO, number=8, stack="staging")
    forge.review(7)
    copied(forge, 8, "staging")
    status, said = approved()
    assert (status, "was copied from the comment for staging on pull request 8 of" in said) == (1, True)


def test_a_record_of_another_repository_is_refused(
    forge: FakeForge, report: Report, approved: Approved, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(ONE)
    forge.review(7)
    names = {"github": "GITHUB_REPOSITORY", "gitlab": "CI_PROJECT_ID"}
    moved = {"github": "shop/copy", "gitlab": "43"}[forge.kind]
    forge.moved_to = moved
    monkeypatch.setenv(names[forge.kind], moved)
    status, said = approved()
    assert (status, "was copied from" in said) == (1, True)


def test_a_report_of_an_older_commit_is_refused(forge: FakeForge, report: Report, approved: Approved) -> None:
    report()
    forge.push(7, OTHER_HEAD)
    forge.review(7)
    message = (
        "The comment for prod on pull request 7 reports commit aaaaaaaaaaaa, and its newest one is bbbbbbbbbbbb: "
        "it was pushed after the last review"
    )
    assert approved() == (1, message)


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


@pytest.mark.parametrize("case", [*UNAPPROVED, *ON_GITHUB])
def test_an_unapproved_pull_request_is_refused(case: str, forge: FakeForge, report: Report, approved: Approved) -> None:
    if case in ON_GITHUB and forge.kind == "gitlab":
        pytest.skip("GitLab lists no such approval")
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


def test_a_comment_does_not_withdraw_an_approval(forge: FakeForge, report: Report, approved: Approved) -> None:
    if forge.kind == "gitlab":
        pytest.skip("GitLab has no reviews that only comment")
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
