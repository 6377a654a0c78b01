"""The digest that the approvers of a pull request saw, by the signed records in a stack's comment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from model_serving.delivery.forges.forge import Forge
from model_serving.delivery.forges.posts import Action, Post
from model_serving.delivery.forges.pull_request import Approval, PullRequest
from model_serving.delivery.records import Record, kept, records_in, text_hash, with_records
from model_serving.errors import UserError

_POSTING: Final = timedelta(minutes=2)
"""Between the signature of a record and the forge's own time of the comment, at most."""


class NotApprovedError(UserError):
    """Nothing was approved that could be deployed. The text says why."""


@dataclass(frozen=True)
class Reviewed:
    """What a review reports, to be kept in a comment."""

    stack: str
    pull_request: int
    head: str
    digest: str
    sections: dict[str, str]


def put_report(
    forge: Forge, marker: str, text: str, reviewed: Reviewed, key: bytes | None
) -> Action | Literal["outdated"]:
    """Write or update a stack's comment, with a record of this report; without a key, no record.

    Records of the same commit stay: an approval counts for the report that was on show when it was given. The report of
    an older commit is outdated: a slow job must not replace the comment of a later one. Raises ForgeError.
    """
    comments = forge.comments(reviewed.pull_request)
    if key is None:
        return comments.put(marker, text)
    if forge.pull_request(reviewed.pull_request).head != reviewed.head:
        return "outdated"
    earlier = comments.own(marker)
    record = Record(
        repository=forge.repository,
        pull_request=reviewed.pull_request,
        stack=reviewed.stack,
        head=reviewed.head,
        digest=reviewed.digest,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        text=text_hash(text),
        sections=reviewed.sections,
    )
    records = kept(_trusted(earlier, record, key), record)
    return comments.put(marker, with_records(text, records, key))


def _trusted(comment: Post | None, new: Record, key: bytes) -> list[Record]:
    """The earlier records of a comment; none of a comment that somebody edited."""
    if comment is None:
        return []
    try:
        return _records(comment, new.repository, new.pull_request, new.stack, key)
    except UserError:
        return []


def approved(forge: Forge, marker: str, stack: str, number: int, key: bytes, *, with_approval: bool) -> Record:
    """The record that was on show when the newest commit of a pull request was approved last.

    Without `with_approval`, the last record of the newest commit. Raises NotApprovedError, RecordError and ForgeError.
    """
    if not number:
        raise NotApprovedError("No pull request brought this commit, so no report of it was approved")
    pull_request = forge.pull_request(number)
    comment = _own_comment(forge, marker, stack, number)
    every = _records(comment, forge.repository, number, stack, key)
    records = [each for each in every if each.head == pull_request.head]
    if not records:
        reviewed = f"commit {every[-1].head[:12]}" if every else "no commit"
        raise NotApprovedError(
            f"The comment for {stack} on pull request {number} reports {reviewed}, and its newest one is "
            f"{pull_request.head[:12]}: it was pushed after the last review"
        )
    record = _on_show(records, comment, _last_approval(forge, pull_request)) if with_approval else records[-1]
    if not record.digest:
        raise NotApprovedError(f"The report for {stack} on pull request {number} has no digest: its preview failed")
    return record


def _own_comment(forge: Forge, marker: str, stack: str, number: int) -> Post:
    comments = forge.comments(number)
    if own := comments.own(marker):
        return own
    if others := [post.author or "a deleted user" for post in comments.beginning(marker)]:
        raise NotApprovedError(
            f"The comment for {stack} on pull request {number} was written by {others[0]}, not by this pipeline"
        )
    raise NotApprovedError(f"Pull request {number} has no comment for {stack}: it was never reviewed")


def _records(comment: Post, repository: str, number: int, stack: str, key: bytes) -> list[Record]:
    """The records of a comment, if it is as the pipeline wrote it."""
    where = f"the comment for {stack} on pull request {number}"
    records = records_in(comment.text, key)
    for each in records:
        if (each.repository, each.pull_request, each.stack) != (repository, number, stack):
            raise NotApprovedError(
                f"A record in {where} was copied from the comment for {each.stack} on pull request "
                f"{each.pull_request} of {each.repository}"
            )
    if not records:
        raise NotApprovedError(f"{where[0].upper()}{where[1:]} holds no signed record: it was edited, or had no key")
    if text_hash(comment.text) != records[-1].text or comment.updated > records[-1].at + _POSTING:
        raise NotApprovedError(
            f"{where[0].upper()}{where[1:]} was edited at {comment.updated:%Y-%m-%d %H:%M} UTC, "
            f"after the pipeline wrote it at {records[-1].at:%H:%M}"
        )
    return records


def _last_approval(forge: Forge, pull_request: PullRequest) -> Approval:
    decisions = [*forge.approvals(pull_request.number)]
    counting = [each for each in decisions if not _fault(each, pull_request)]
    if counting:
        return max(counting, key=lambda each: each.at)
    why = "; ".join(sorted({_fault(each, pull_request) for each in decisions})) or "nobody approved it"
    raise NotApprovedError(f"Pull request {pull_request.number} is not approved: {why}")


def _fault(approval: Approval, pull_request: PullRequest) -> str:
    """Why an approval doesn't count; empty where it does."""
    if approval.state == "dismissed":
        return f"the approval by {approval.by} was dismissed"
    if approval.state == "changes requested":
        return f"{approval.by} requests changes"
    if approval.by == pull_request.author:
        return f"{approval.by} is its author"
    if approval.commit and approval.commit != pull_request.head:
        return f"{approval.by} approved commit {approval.commit[:12]}, and the newest is {pull_request.head[:12]}"
    return "" if approval.counts else f"{approval.by} may not write to the repository"


def _on_show(records: Sequence[Record], comment: Post, approval: Approval) -> Record:
    """The last record that is not newer than the approval.

    The comment shows its newest record since the forge's own time of it: a signed report is on show only once posted.
    """
    *earlier, newest = records
    if max(newest.at, comment.updated) <= approval.at:
        return newest
    if shown := [each for each in earlier if each.at <= approval.at]:
        return shown[-1]
    raise NotApprovedError(
        f"{approval.by} approved at {approval.at:%H:%M:%S} UTC, before the first report of this commit "
        f"({records[0].at:%H:%M:%S}): approve again"
    )
