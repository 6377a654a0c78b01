"""Comments and issues that are written anew in place, found again by a hidden line. GitHub and GitLab, over HTTP."""

import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from model_serving.errors import UserError

_PAGE = 100
_PAGES = 50
_SECONDS = 30


class ForgeError(UserError):
    """The forge refused, or can't be reached. The text holds its answer and no credential."""


@dataclass(frozen=True)
class Texts:
    """A list of comments or issues, and what this forge calls things."""

    address: str
    headers: Mapping[str, str]
    body: str = "body"
    update: str = "PATCH"
    closing: tuple[tuple[str, str], ...] = ()
    number: str = "id"

    def put(self, marker: str, text: str, title: str = "") -> str:
        """Write the text that begins with `marker` anew, or the first one. Says which it did. Raises ForgeError."""
        found = self._find(marker)
        titled = {"title": title} if title else {}
        if found is None:
            self._call("POST", self.address, {self.body: text, **titled})
            return "created"
        if str(found[self.body]).strip() == text.strip():
            return "unchanged"
        self._call(self.update, f"{self.address}/{found[self.number]}", {self.body: text})
        return "updated"

    def get(self, marker: str) -> str:
        """The text that begins with `marker`; empty where there is none. Raises ForgeError."""
        found = self._find(marker)
        return str(found[self.body]) if found else ""

    def close(self, marker: str) -> str:
        """Close the issue that begins with `marker`. Says whether there was one. Raises ForgeError."""
        found = self._find(marker)
        if found is None:
            return "none open"
        self._call(self.update, f"{self.address}/{found[self.number]}", dict(self.closing))
        return "closed"

    def _find(self, marker: str) -> dict[str, Any] | None:
        # At the start only: a person who quotes a comment doesn't become its author.
        return next((each for each in self._all() if str(each.get(self.body) or "").startswith(marker)), None)

    def _all(self) -> Iterator[dict[str, Any]]:
        opened = {"state": "open" if self.update == "PATCH" else "opened"} if self.closing else {}
        for page in range(1, _PAGES + 1):
            query = urllib.parse.urlencode({"per_page": _PAGE, "page": page, **opened})
            found = self._call("GET", f"{self.address}?{query}")
            yield from found
            if len(found) < _PAGE:
                return

    def _call(self, method: str, address: str, body: Mapping[str, Any] | None = None) -> Any:
        # GitHub lists comments below an issue, and keeps each one beside the issues.
        where = re.sub(r"/issues/\d+/comments/(?=\d)", "/issues/comments/", address)
        return call(method, where, self.headers, body)


def call(method: str, address: str, headers: Mapping[str, str], body: Mapping[str, Any] | None = None) -> Any:
    """One request. Raises ForgeError."""
    request = urllib.request.Request(  # noqa: S310  the address is the forge's own, from its environment
        address,
        method=method,
        data=json.dumps(body).encode() if body else None,
        headers={**headers, "Content-Type": "application/json", "Accept": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        said = error.read().decode(errors="replace")[:300]
        raise ForgeError(f"{method} {address} was answered {error.code}: {said}") from error
    except OSError as error:
        raise ForgeError(f"{method} {address}: {error}") from error


@dataclass(frozen=True)
class Forge:
    """The project on its forge."""

    project: str
    headers: Mapping[str, str]
    github: bool

    def comments(self, pull_request: int) -> Texts:
        if self.github:
            return Texts(f"{self.project}/issues/{pull_request}/comments", self.headers)
        return Texts(f"{self.project}/merge_requests/{pull_request}/notes", self.headers, update="PUT")

    def issues(self) -> Texts:
        address = f"{self.project}/issues"
        if self.github:
            return Texts(address, self.headers, closing=(("state", "closed"),), number="number")
        closing = (("state_event", "close"),)
        return Texts(address, self.headers, body="description", update="PUT", closing=closing, number="iid")

    def merged_by(self, commit: str) -> int:
        """The number of the pull request that brought a commit; 0 where none did. Raises ForgeError."""
        way = "commits/{}/pulls" if self.github else "repository/commits/{}/merge_requests"
        found = call("GET", f"{self.project}/{way.format(commit)}", self.headers)
        return int(found[0]["number" if self.github else "iid"]) if found else 0


def forge(environment: Mapping[str, str] = os.environ) -> Forge:
    """The forge that this job runs on, by what its environment says. Raises ForgeError where it is neither."""
    if repository := environment.get("GITHUB_REPOSITORY"):
        api = environment.get("GITHUB_API_URL", "https://api.github.com")
        headers = {"Authorization": f"Bearer {_needed(environment, 'GITHUB_TOKEN')}"}
        return Forge(f"{api}/repos/{repository}", headers, github=True)
    if project := environment.get("CI_PROJECT_ID"):
        headers = {"PRIVATE-TOKEN": _needed(environment, "GITLAB_TOKEN")}
        return Forge(f"{_needed(environment, 'CI_API_V4_URL')}/projects/{project}", headers, github=False)
    raise ForgeError("Neither GITHUB_REPOSITORY nor CI_PROJECT_ID is set: this runs in a GitHub or GitLab job")


def _needed(environment: Mapping[str, str], name: str) -> str:
    if value := environment.get(name):
        return value
    raise ForgeError(f"{name} is not set; it lets this job write comments")


def reviewed_digest(comment: str) -> str:
    """The digest of what a comment's reader approved; empty where it approves nothing."""
    found = re.search(r"^<!-- reviewed:([0-9a-f]{16}) -->$", comment, re.MULTILINE)
    return found[1] if found else ""
