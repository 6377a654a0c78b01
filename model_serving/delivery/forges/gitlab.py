"""A project on GitLab, by its REST API (docs.gitlab.com/api). Pull requests are merge requests there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from model_serving.delivery.forges.client import Client
from model_serving.delivery.forges.posts import Posts
from model_serving.delivery.forges.pull_request import Approval, PullRequest, at

_APPROVED_NOTE: Final = "approved this merge request"
"""The system note of an approval: releases before 18 give no time in the list of approvals."""


@dataclass(frozen=True)
class GitLab:
    """A project on GitLab; its pull requests are called merge requests, and their comments notes."""

    client: Client
    repository: str
    author: str = ""
    """Who writes the comments, where that is not the token's own user."""

    def comments(self, pull_request: int) -> Posts:
        """See Forge."""
        notes = f"merge_requests/{pull_request}/notes"
        return self._posts(notes, f"{notes}/{{}}", "id", "body")

    def issues(self) -> Posts:
        """See Forge."""
        states = {"state": "opened"}, {"state_event": "close"}
        return self._posts("issues", "issues/{}", "iid", "description", *states)

    def merged_by(self, commit: str) -> int:
        """See Forge."""
        names = ("merge_commit_sha", "squash_commit_sha", "sha")
        every = self.client.pages(f"repository/commits/{commit}/merge_requests")
        merged = [each for each in every if each["state"] == "merged"]
        merged.sort(key=lambda each: (commit in [each.get(name) for name in names], each.get("merged_at") or ""))
        return int(merged[-1]["iid"]) if merged else 0

    def pull_request(self, number: int) -> PullRequest:
        """See Forge."""
        answer = self.client.get(f"merge_requests/{number}")
        return PullRequest(number, str(answer["author"]["username"]), str(answer["sha"]))

    def approvals(self, pull_request: int) -> Iterator[Approval]:
        """See Forge. GitLab lets nobody approve who may not, and lists no withdrawn approval."""
        noted: dict[str, datetime] | None = None
        for each in self.client.get(f"merge_requests/{pull_request}/approvals")["approved_by"]:
            name = str(each["user"]["username"])
            if time := each.get("approved_at"):
                yield Approval(name, at(time), "approved")
                continue
            noted = self._noted(pull_request) if noted is None else noted
            if name in noted:
                yield Approval(name, noted[name], "approved")

    def _noted(self, pull_request: int) -> dict[str, datetime]:
        """When each person approved last, by the system notes."""
        notes = self.client.pages(f"merge_requests/{pull_request}/notes", sort="asc", order_by="created_at")
        return {_username(note): at(note["created_at"]) for note in notes if _is_approval(note)}

    def _posts(self, collection: str, item: str, number: str, text: str, *states: Mapping[str, str]) -> Posts:
        author = ("author", "username")
        return Posts(self.client, collection, item, number, text, author, "PUT", self._own_name, *states)

    def _own_name(self) -> str:
        """The token's own user; a project access token has one of its own."""
        return self.author or str(self.client.get("user", of_project=False)["username"])


def _is_approval(note: Mapping[str, Any]) -> bool:
    return bool(note.get("system")) and str(note.get("body")).startswith(_APPROVED_NOTE)


def _username(note: Mapping[str, Any]) -> str:
    return str(note["author"]["username"])
