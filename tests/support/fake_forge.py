"""A forge for tests: GitHub's and GitLab's API of pull requests, comments, reviews and issues, on loopback.

Users write through the methods of `FakeForge`; the project's commands write through the API. Routes are in
fake_github.py and fake_gitlab.py.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.workflow_runner.token_permissions import missing_permission

Kind = Literal["github", "gitlab"]


def now() -> datetime:
    """The forge's clock, to the second as forges show it."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass
class User:
    """Someone with an account, or an app. `permission` is GitHub's: admin, write, read or none."""

    name: str
    permission: str = "write"
    type: str = "User"


@dataclass
class Comment:
    """A comment on a pull request."""

    number: int
    author: str
    text: str
    created: datetime
    updated: datetime
    system: bool = False


@dataclass
class Review:
    """A review of a pull request."""

    by: str
    state: str
    commit: str
    at: datetime


@dataclass
class PullRequest:
    """A pull request and what was written on it."""

    number: int
    author: str
    head: str
    base: str = "main"
    merged: datetime | None = None
    merge_commit: str = ""
    brought: list[str] = field(default_factory=list)
    """The commits of the main branch that it brought."""
    comments: list[Comment] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)


@dataclass
class Issue:
    """An issue of the repository."""

    number: int
    author: str
    title: str
    text: str
    updated: datetime
    open: bool = True


@dataclass
class Stored:
    """A secret or a variable. A secret of GitHub is kept as it was sent: encrypted."""

    value: str
    updated: datetime
    is_secret: bool = False
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class Answer:
    """What the forge answers. A failure that is planned has a delay in seconds, too."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0


@dataclass
class Request:
    """A request of a user."""

    forge: "FakeForge"
    user: User
    method: str
    path: str
    query: Mapping[str, str]
    body: Mapping[str, Any]


Route = Callable[..., Answer]
"""Gets the request and the parts of its path that the pattern names."""
Routes = Mapping[tuple[str, str], Route]
"""By method and pattern of the path."""


@dataclass
class FakeForge:
    """The state of a forge with one repository."""

    kind: Kind
    url: str
    repository: str = "shop/models"
    project: str = "42"
    pipeline: str = "github-actions[bot]"
    """Who the pipeline's token belongs to."""
    users: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    pull_requests: dict[int, PullRequest] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """Each request as `GET /path`."""
    granted: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """The permissions of a job's token, by token. A token that isn't here may do what its user may."""
    heads: dict[str, str] = field(default_factory=dict)
    """The newest commit of each branch."""
    statuses: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The state and the text of each commit's status."""
    protection: dict[str, Any] = field(default_factory=dict)
    """The protection rules of each environment, as GitHub's API has them."""
    id_token: Callable[[str, str], str] | None = None
    """Makes the OIDC token of a job, from what the job may ask with and the audience."""
    failure: Answer | None = None
    """The answer to every request, while it is set."""
    lost_answers: set[str] = field(default_factory=set)
    """Requests, as `PUT /path`, that are carried out and then answered 502, once each."""
    environments: dict[str, dict[str, "Stored"]] = field(default_factory=dict)
    """By the name of an environment, or GitLab's scope of environments: its secrets and variables by name."""
    page_size: int = 100
    """The most that a page holds, whatever is asked for."""
    moved_to: str = ""
    """Another name or number of the repository."""
    with_approval_times: bool = True
    """Whether GitLab's list of approvals has times: releases before 18 had none."""

    def __post_init__(self) -> None:
        bot = self.kind == "github"
        self.pipeline = self.pipeline if bot else "project_42_bot"
        self.add_user(self.pipeline, "write", "Bot" if bot else "User")
        for name, permission in {"author": "write", "reviewer": "write", "visitor": "read"}.items():
            self.add_user(name, permission)

    @property
    def own_name(self) -> str:
        """What a path calls the repository."""
        return self.repository if self.kind == "github" else self.project

    @property
    def writes(self) -> list[str]:
        """The requests that change something."""
        return [each for each in self.requests if not each.startswith("GET ")]

    def environment(self, user: str = "") -> dict[str, str]:
        """The variables of a job; with another user's token where one is named."""
        token = f"token-of-{user or self.pipeline}"
        if self.kind == "github":
            return {"GITHUB_REPOSITORY": self.repository, "GITHUB_API_URL": self.url, "GITHUB_TOKEN": token}
        return {"CI_PROJECT_ID": self.project, "CI_API_V4_URL": f"{self.url}/api/v4", "GITLAB_TOKEN": token}

    def add_user(self, name: str, permission: str = "write", kind: str = "User") -> None:
        """A user, whose token is `token-of-NAME`."""
        self.users[name] = User(name, permission, kind)
        self.tokens[f"token-of-{name}"] = name

    def open(self, number: int, head: str, author: str = "author", base: str = "main") -> PullRequest:
        """Open a pull request."""
        self.pull_requests[number] = PullRequest(number, author, head, base)
        return self.pull_requests[number]

    def push(self, number: int, head: str) -> None:
        """Push a commit to the branch of a pull request."""
        self.pull_requests[number].head = head

    def merge(self, number: int, commit: str, *others: str) -> None:
        """Merge a pull request: `commit` is the new head of the main branch, `others` came with it."""
        pull_request = self.pull_requests[number]
        pull_request.merged, pull_request.merge_commit = now(), commit
        pull_request.brought = [commit, *others]

    def comment(self, number: int, author: str, text: str) -> Comment:
        """Comment on a pull request."""
        comments = self.pull_requests[number].comments
        comments.append(Comment(self._next(), author, text, now(), now()))
        return comments[-1]

    def review(
        self, number: int, by: str = "reviewer", state: str = "APPROVED", commit: str = "", after: float = 0.0
    ) -> Review:
        """Review a pull request, `after` so many seconds."""
        pull_request = self.pull_requests[number]
        pull_request.reviews.append(Review(by, state, commit or pull_request.head, now() + timedelta(seconds=after)))
        return pull_request.reviews[-1]

    def new_issue(self, author: str, title: str, text: str) -> Issue:
        """Open an issue."""
        self.issues.append(Issue(self._next(), author, title, text, now()))
        return self.issues[-1]

    def _lost(self, request: str) -> Answer | None:
        """The answer to a request whose own answer is lost, the first time."""
        if request not in self.lost_answers:
            return None
        self.lost_answers.remove(request)
        return Answer(502, "<html>Bad gateway</html>")

    def _next(self) -> int:
        return 1 + len(self.issues) + sum(len(each.comments) for each in self.pull_requests.values())

    def paged(self, request: Request, items: list[Any]) -> Answer:
        """One page of a list, with the link to the next."""
        size = min(self.page_size, int(request.query.get("per_page", "30")))
        page = int(request.query.get("page", "1"))
        following = f"{self.url}{request.path}?per_page={size}&page={page + 1}"
        links = {"Link": f'<{following}>; rel="next"'} if len(items) > page * size else {}
        return Answer(200, items[(page - 1) * size : page * size], links)

    def answer(self, method: str, path: str, body: Mapping[str, Any], token: str) -> Answer:
        """The answer to a request."""
        from tests.support.fake_github import GITHUB  # noqa: PLC0415  they import this module
        from tests.support.fake_gitlab import GITLAB  # noqa: PLC0415

        self.requests.append(f"{method} {path}")
        if self.failure:
            time.sleep(self.failure.delay)
            return self.failure
        if self.id_token and path.startswith("/id-token?"):
            return Answer(200, {"value": self.id_token(token, parse_qs(urlsplit(path).query)["audience"][0])})
        if token not in self.tokens:
            return Answer(401, {"message": "Bad credentials" if self.kind == "github" else "401 Unauthorized"})
        if token in self.granted and (lacking := missing_permission(self.granted[token], method, path)):
            return Answer(403, {"message": f"Resource not accessible by integration ({lacking})"})
        split = urlsplit(path)
        query = {name: values[-1] for name, values in parse_qs(split.query).items()}
        own = split.path.replace(f"/{self.moved_to}/", f"/{self.own_name}/") if self.moved_to else split.path
        request = Request(self, self.users[self.tokens[token]], method, own, query, body)
        for (allowed, pattern), route in (GITHUB if self.kind == "github" else GITLAB).items():
            if allowed == method and (match := re.fullmatch(pattern, own)):
                answer = route(request, **{name: unquote(part) for name, part in match.groupdict().items()})
                return self._lost(f"{method} {split.path}") or answer
        return Answer(404, {"message": "Not Found"})


class _Server(BaseHTTPRequestHandler):
    """Passes each request on to the forge."""

    forge: ClassVar[FakeForge]

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or self.headers.get("PRIVATE-TOKEN", "")
        answer = self.forge.answer(self.command, self.path, body, token)
        text = (answer.body if isinstance(answer.body, str) else json.dumps(answer.body)).encode()
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        with suppress(ConnectionError):  # who asked may not wait for a late answer
            self.end_headers()
            self.wfile.write(text)

    do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815  the names by which the server finds them

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@contextmanager
def fake_forge(kind: Kind = "github") -> Iterator[FakeForge]:
    """A forge on a free port of this machine."""

    class Handler(_Server):
        """Serves this forge only."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    forge = FakeForge(kind, f"http://127.0.0.1:{server.server_address[1]}")
    Handler.forge = forge
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
