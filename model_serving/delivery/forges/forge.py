"""The forge that runs this job, by its environment variables."""

import os
from collections.abc import Iterable, Mapping
from typing import Protocol

from model_serving.delivery.forges.client import Client, ForgeError
from model_serving.delivery.forges.github import GitHub
from model_serving.delivery.forges.gitlab import GitLab
from model_serving.delivery.forges.posts import Posts
from model_serving.delivery.forges.pull_request import Approval, PullRequest


class Forge(Protocol):
    """A project on its forge. Every method raises ForgeError."""

    @property
    def repository(self) -> str:
        """The name of the repository, or the number of the project."""

    def comments(self, pull_request: int) -> Posts:
        """The comments of a pull request."""

    def issues(self) -> Posts:
        """The project's open issues."""

    def merged_by(self, commit: str) -> int:
        """The number of the merged pull request that brought a commit; 0 where none did."""

    def pull_request(self, number: int) -> PullRequest:
        """A pull request, open or merged."""

    def approvals(self, pull_request: int) -> Iterable[Approval]:
        """The last decision of each reviewer, in no order."""


def forge(environment: Mapping[str, str] = os.environ) -> Forge:
    """The forge that runs this job, from its environment variables. Raises ForgeError where it is neither."""
    author = environment.get("MODEL_SERVING_COMMENT_AUTHOR", "")
    if repository := environment.get("GITHUB_REPOSITORY"):
        api = environment.get("GITHUB_API_URL") or "https://api.github.com"
        headers = {"Authorization": f"Bearer {read_token(environment, 'GITHUB_TOKEN')}"}
        client = Client("GitHub", api, f"repos/{repository}", "GITHUB_TOKEN", headers)
        return GitHub(client, repository, author)
    if project := environment.get("CI_PROJECT_ID"):
        headers = {"PRIVATE-TOKEN": read_token(environment, "GITLAB_TOKEN")}
        api = _required(environment, "CI_API_V4_URL")
        return GitLab(Client("GitLab", api, f"projects/{project}", "GITLAB_TOKEN", headers), project, author)
    raise ForgeError("Neither GITHUB_REPOSITORY nor CI_PROJECT_ID is set: run this in a GitHub or GitLab job")


def read_token(environment: Mapping[str, str], name: str) -> str:
    """The token without the line break that a secret often ends with. An error of httpx would show a wrong one."""
    token = _required(environment, name).strip()
    if token.isascii() and token.isprintable():
        return token
    raise ForgeError(f"{name} has characters that no token has, such as a line break. Set it again")


def _required(environment: Mapping[str, str], name: str) -> str:
    if value := environment.get(name):
        return value
    raise ForgeError(f"{name} is not set; this job needs it to read and write comments")
