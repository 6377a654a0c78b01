"""A repository on GitHub, by its REST API (docs.github.com/rest)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal
from urllib.parse import quote

from model_serving.delivery.forges.client import Client, ForgeError
from model_serving.delivery.forges.posts import Posts
from model_serving.delivery.forges.pull_request import Approval, PullRequest, at

_ACTIONS: Final = "github-actions[bot]"
_STATES: Final[Mapping[str, Literal["approved", "dismissed", "changes requested"]]] = {
    "APPROVED": "approved",
    "DISMISSED": "dismissed",
    "CHANGES_REQUESTED": "changes requested",
}
"""The reviews that decide. A later comment doesn't withdraw an approval."""
_WRITING: Final = ("admin", "write")
"""The permissions that allow pushing; the API reports `maintain` as `write`."""


@dataclass(frozen=True)
class GitHub:
    """A repository on GitHub."""

    client: Client
    repository: str
    author: str = ""
    """Who writes the comments, where that is neither a user nor GitHub Actions."""

    def comments(self, pull_request: int) -> Posts:
        """See Forge. Comments are listed below their issue and updated beside it."""
        return self._posts(f"issues/{pull_request}/comments", "issues/comments/{}", "id")

    def issues(self) -> Posts:
        """See Forge."""
        return self._posts("issues", "issues/{}", "number", {"state": "open"}, {"state": "closed"})

    def merged_by(self, commit: str) -> int:
        """See Forge. The list has open pull requests, and those merged into other branches, too."""
        merged = [each for each in self.client.pages(f"commits/{commit}/pulls") if each["merged_at"]]
        merged.sort(key=lambda each: (each.get("merge_commit_sha") == commit, each["merged_at"]))
        return int(merged[-1]["number"]) if merged else 0

    def pull_request(self, number: int) -> PullRequest:
        """See Forge."""
        answer = self.client.get(f"pulls/{number}")
        return PullRequest(number, _login(answer), str(answer["head"]["sha"]))

    def approvals(self, pull_request: int) -> Iterator[Approval]:
        """See Forge. Reviews are listed in chronological order; anyone who may read may write one."""
        last = {
            _login(review): review
            for review in self.client.pages(f"pulls/{pull_request}/reviews")
            if review["state"] in _STATES
        }
        for name, review in last.items():
            state = _STATES[review["state"]]
            commit = str(review.get("commit_id") or "none")  # null for a commit that is gone
            counts = state != "approved" or self._may_write(review)
            yield Approval(name, at(review["submitted_at"]), state, commit, counts)

    def head_of(self, branch: str) -> str:
        """The newest commit of a branch. Raises ForgeError."""
        return str(self.client.get(f"git/ref/heads/{quote(branch)}")["object"]["sha"])

    def set_status(self, commit: str, context: str, text: str, *, passed: bool) -> None:
        """Write the status of a commit. Raises ForgeError."""
        body = {"state": "success" if passed else "failure", "context": context, "description": text}
        self.client.write("POST", f"statuses/{commit}", body)

    def unprotected(self, environment: str) -> str:
        """Why nobody but the author of a run has to approve what an environment deploys; empty where somebody has.

        Raises ForgeError. A job that names an environment that doesn't exist creates it, without any protection.
        """
        try:
            answer = self.client.get(f"environments/{quote(environment, safe='')}")
        except ForgeError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return "it does not exist"
        rules = {rule["type"]: rule for rule in answer.get("protection_rules") or []}
        reviewers = rules.get("required_reviewers", {})
        if not reviewers.get("reviewers"):
            return "it has no required reviewers"
        return "" if reviewers.get("prevent_self_review") else "whoever starts a run may approve it themselves"

    def _may_write(self, review: Mapping[str, Any]) -> bool:
        user = review.get("user") or {}
        if user.get("type") == "Bot" or not user.get("login"):
            return False
        return self.client.get(f"collaborators/{user['login']}/permission")["permission"] in _WRITING

    def _posts(self, collection: str, item: str, number: str, *states: Mapping[str, str]) -> Posts:
        author = ("user", "login")
        return Posts(self.client, collection, item, number, "body", author, "PATCH", self._own_name, *states)

    def _own_name(self) -> str:
        """The token's own user. The token of an app, as a job's own is, may not ask."""
        if self.author:
            return self.author
        try:
            return str(self.client.get("user", of_project=False)["login"])
        except ForgeError as error:
            if error.status == HTTPStatus.FORBIDDEN:
                return _ACTIONS
            raise


def _login(item: Mapping[str, Any]) -> str:
    return str((item.get("user") or {}).get("login") or "")
