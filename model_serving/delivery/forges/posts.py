"""Comments and issues that are updated in place: a hidden first line and the author identify each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from model_serving.delivery.forges.client import Client
from model_serving.delivery.forges.pull_request import at

Action = Literal["created", "updated", "unchanged", "closed", "none open"]
"""The result for a post."""


@dataclass(frozen=True)
class Post:
    """A comment or an issue."""

    number: str
    text: str
    author: str
    updated: datetime


@dataclass(frozen=True)
class Posts:
    """The comments of a pull request, or the open issues of a project, as one forge's API has them.

    Every method raises ForgeError.
    """

    client: Client
    collection: str
    """The path that lists posts and creates one."""
    item: str
    """The path of one post; `{}` stands for its number."""
    number: str
    """The field that holds a post's number."""
    text: str
    """The field that holds a post's text."""
    author: tuple[str, str]
    """The fields that hold the name of a post's author."""
    update_method: Literal["PATCH", "PUT"]
    own_name: Callable[[], str]
    """The name of the user or app that this job's token belongs to."""
    open_only: Mapping[str, str] = field(default_factory=dict)
    """The query that leaves out closed posts."""
    closing: Mapping[str, str] = field(default_factory=dict)
    """The update that closes a post."""

    def put(self, marker: str, text: str, title: str = "") -> Action:
        """Write the own post that begins with `marker`: a new one, or in place of the text that it has."""
        post = self.own(marker)
        if post is None:
            titled = {"title": title} if title else {}
            self.client.write("POST", self.collection, {self.text: text, **titled})
            return "created"
        if post.text.strip() == text.strip():
            return "unchanged"
        self._update(post, {self.text: text})
        return "updated"

    def own(self, marker: str) -> Post | None:
        """The post that begins with `marker` and that this job's own user or app wrote."""
        # At the start only: who quotes a comment doesn't become its author.
        beginning = self.beginning(marker)
        if not beginning:
            return None
        name = self.own_name()
        return next((post for post in beginning if post.author == name), None)

    def beginning(self, marker: str) -> list[Post]:
        """Every post that begins with `marker`, whoever wrote it."""
        return [post for post in self._all() if post.text.startswith(marker)]

    def close(self, marker: str) -> Action:
        """Close the own issue that begins with `marker`."""
        post = self.own(marker)
        if post is None:
            return "none open"
        self._update(post, self.closing)
        return "closed"

    def _update(self, post: Post, values: Mapping[str, str]) -> None:
        self.client.write(self.update_method, self.item.format(post.number), values)

    def _all(self) -> Iterator[Post]:
        return map(self._post, self.client.pages(self.collection, **self.open_only))

    def _post(self, item: Mapping[str, Any]) -> Post:
        user, name = self.author
        author = str((item.get(user) or {}).get(name) or "")  # a deleted user is null on GitHub
        return Post(str(item[self.number]), str(item.get(self.text) or ""), author, at(item["updated_at"]))
