"""A pull request with a review of one stack: what its commits and digests are called, and the commands on it."""

from collections.abc import Callable

from tests.support.fake_forge import Comment, FakeForge

KEY = "0123456789abcdef" * 2
HEAD, OTHER_HEAD = "a" * 40, "b" * 40
ONE, TWO = "1" * 32, "2" * 32
SECTIONS = {"plan": "12", "components": "34"}

Report = Callable[..., int]
"""Writes the comment of a review, and returns the exit status."""

Approved = Callable[..., tuple[int, str]]
"""The exit status of `ci approved-digest` and what it printed."""


def own_comment(forge: FakeForge, number: int = 7) -> Comment:
    return next(each for each in forge.pull_requests[number].comments if each.author == forge.pipeline)
