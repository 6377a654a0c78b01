"""Comments and issues on GitHub and GitLab that are updated in place: a hidden first line identifies each."""

import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import httpx

from model_serving.errors import UserError

_PAGE_SIZE = 100
_TIMEOUT = 30.0
"""Seconds for one request."""

_SHOWN = 300
"""Characters of a refusal that are shown."""


Action = Literal["created", "updated", "unchanged", "closed", "none open"]
"""The result for a post."""


class ForgeError(UserError):
    """The forge refused a request or can't be reached. The text holds its answer and no credential."""


@dataclass(frozen=True)
class Posts:
    """The comments of a pull request, or the open issues of a project, as one forge's API has them.

    Every method raises ForgeError.
    """

    http: httpx.Client
    collection: str
    """The path that lists posts and creates one."""
    item: str
    """The path of one post; `{}` stands for its number."""
    number: str
    """The field that holds a post's number."""
    text: str
    """The field that holds a post's text."""
    update_method: Literal["PATCH", "PUT"]
    open_only: Mapping[str, str] = field(default_factory=dict)
    """The query that leaves out closed posts."""
    closing: Mapping[str, str] = field(default_factory=dict)
    """The update that closes a post."""

    def put(self, marker: str, text: str, title: str = "") -> Action:
        """Write the post that begins with `marker`: a new one, or in place of the text that it has."""
        post = self._find(marker)
        if post is None:
            titled = {"title": title} if title else {}
            request(self.http, "POST", self.collection, json={self.text: text, **titled})
            return "created"
        if str(post[self.text]).strip() == text.strip():
            return "unchanged"
        self._update(post, {self.text: text})
        return "updated"

    def get(self, marker: str) -> str:
        """The text of the post that begins with `marker`; empty where there is none."""
        post = self._find(marker)
        return str(post[self.text]) if post else ""

    def close(self, marker: str) -> Action:
        """Close the issue that begins with `marker`."""
        post = self._find(marker)
        if post is None:
            return "none open"
        self._update(post, self.closing)
        return "closed"

    def _update(self, post: Mapping[str, Any], values: Mapping[str, str]) -> None:
        request(self.http, self.update_method, self.item.format(post[self.number]), json=values)

    def _find(self, marker: str) -> dict[str, Any] | None:
        # At the start only: a person who quotes a comment doesn't become its author.
        return next((post for post in self._all() if str(post.get(self.text) or "").startswith(marker)), None)

    def _all(self) -> Iterator[dict[str, Any]]:
        page = request(self.http, "GET", self.collection, params={"per_page": _PAGE_SIZE, **self.open_only})
        yield from read_json(page)
        while following := page.links.get("next"):
            page = request(self.http, "GET", following["url"])
            yield from read_json(page)


def request(http: httpx.Client, method: str, url: str, **options: Any) -> httpx.Response:
    """Send one request. Raises ForgeError unless it succeeds."""
    try:
        response = http.request(method, url, **options)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ForgeError(f"{method} {http.base_url.join(url)} failed: {error}") from error
    if response.is_error:
        raise ForgeError(f"{method} {response.url} was answered {response.status_code}: {response.text[:_SHOWN]}")
    return response


def read_json(response: httpx.Response) -> Any:
    """The body of a response. Raises ForgeError where it is not JSON, as a proxy's page."""
    try:
        return response.json()
    except ValueError:
        raise ForgeError(f"GET {response.url} was answered without JSON: {response.text[:_SHOWN]}") from None


class Forge(Protocol):
    """A project on its forge. Every method raises ForgeError."""

    def comments(self, pull_request: int) -> Posts:
        """The comments of a pull request."""

    def issues(self) -> Posts:
        """The project's open issues."""

    def merged_by(self, commit: str) -> int:
        """The number of the pull request that brought a commit; 0 where none did."""


@dataclass(frozen=True)
class GitHub:
    """A repository on GitHub."""

    http: httpx.Client

    def comments(self, pull_request: int) -> Posts:
        """See Forge. Comments are listed below their issue and updated beside it."""
        return Posts(self.http, f"issues/{pull_request}/comments", "issues/comments/{}", "id", "body", "PATCH")

    def issues(self) -> Posts:
        """See Forge."""
        return Posts(
            self.http, "issues", "issues/{}", "number", "body", "PATCH", {"state": "open"}, {"state": "closed"}
        )

    def merged_by(self, commit: str) -> int:
        """See Forge."""
        found = read_json(request(self.http, "GET", f"commits/{commit}/pulls"))
        return int(found[0]["number"]) if found else 0


@dataclass(frozen=True)
class GitLab:
    """A project on GitLab; its pull requests are called merge requests, and their comments notes."""

    http: httpx.Client

    def comments(self, pull_request: int) -> Posts:
        """See Forge."""
        notes = f"merge_requests/{pull_request}/notes"
        return Posts(self.http, notes, f"{notes}/{{}}", "id", "body", "PUT")

    def issues(self) -> Posts:
        """See Forge."""
        opened, close = {"state": "opened"}, {"state_event": "close"}
        return Posts(self.http, "issues", "issues/{}", "iid", "description", "PUT", opened, close)

    def merged_by(self, commit: str) -> int:
        """See Forge."""
        found = read_json(request(self.http, "GET", f"repository/commits/{commit}/merge_requests"))
        return int(found[0]["iid"]) if found else 0


def forge(environment: Mapping[str, str] = os.environ) -> Forge:
    """The forge that runs this job, from its environment variables. Raises ForgeError where it is neither."""
    if repository := environment.get("GITHUB_REPOSITORY"):
        api = environment.get("GITHUB_API_URL", "https://api.github.com")
        headers = {"Authorization": f"Bearer {_token(environment, 'GITHUB_TOKEN')}"}
        return GitHub(_client(f"{api}/repos/{repository}", headers))
    if project := environment.get("CI_PROJECT_ID"):
        headers = {"PRIVATE-TOKEN": _token(environment, "GITLAB_TOKEN")}
        return GitLab(_client(f"{_required(environment, 'CI_API_V4_URL')}/projects/{project}", headers))
    raise ForgeError("Neither GITHUB_REPOSITORY nor CI_PROJECT_ID is set: run this in a GitHub or GitLab job")


def _client(project: str, headers: Mapping[str, str]) -> httpx.Client:
    """A client that trusts the certificates of the system, as a self-hosted forge needs."""
    return httpx.Client(
        base_url=project,
        headers={**headers, "Accept": "application/json"},
        timeout=_TIMEOUT,
        follow_redirects=True,
        verify=ssl.create_default_context(),
    )


def _token(environment: Mapping[str, str], name: str) -> str:
    """The token without the line break that a secret often ends with. An error of httpx would show a wrong one."""
    token = _required(environment, name).strip()
    if token.isascii() and token.isprintable():
        return token
    raise ForgeError(f"{name} has characters that no token has, such as a line break. Set it again")


def _required(environment: Mapping[str, str], name: str) -> str:
    if value := environment.get(name):
        return value
    raise ForgeError(f"{name} is not set; it lets this job write comments")
