"""Every forged, edited, copied or stale record of a report is refused with one sentence."""

from collections.abc import Callable

import pytest

from model_serving.review.render.markers import digest_marker, marker
from tests.support.fake_forge import FakeForge
from tests.support.reviewed import HEAD, ONE, OTHER_HEAD, TWO, Approved, Report, own_comment


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
