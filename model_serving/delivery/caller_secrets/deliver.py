"""Deliver everything that a stack declares, place by place: one that fails doesn't stop the others."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from model_serving.delivery.caller_secrets.credentials import GITHUB, GITLAB, Delivery
from model_serving.delivery.caller_secrets.github_environment import GitHubEnvironment
from model_serving.delivery.caller_secrets.gitlab_variables import GitLabVariables
from model_serving.delivery.forges.client import Client, ForgeError
from model_serving.delivery.forges.forge import read_token
from model_serving.errors import UserError
from model_serving.review.plan.credentials import Scrubber

TOKEN: Final = "MODEL_SERVING_DELIVERY_TOKEN"  # noqa: S105  the name of a variable
_OWN_TOKENS: Final = {
    GITHUB: "MODEL_SERVING_GITHUB_DELIVERY_TOKEN",
    GITLAB: "MODEL_SERVING_GITLAB_DELIVERY_TOKEN",
}
"""For a stack that delivers to both: no forge gets the other's token."""

_RIGHTS: Final = {
    GITHUB: "the permissions Environments, Secrets and Variables: read and write",
    GITLAB: "the role Maintainer and the scope api",
}
"""Sources: github/docs, src/github-apps/data, fine-grained-pat-permissions.json; GitLab's documentation, variables."""

_GITHUB: Final = "https://api.github.com"
_GITLAB: Final = "https://gitlab.com/api/v4"


@dataclass(frozen=True)
class Outcome:
    """What became of one delivery, as one sentence."""

    text: str
    failed: bool = False


def deliver(wanted: Sequence[Delivery], environment: Mapping[str, str] = os.environ) -> Iterator[Outcome]:
    """Deliver each, and say what became of it. Raises UserError where a token is missing: then nothing was sent."""
    forges = {each.forge for each in wanted}
    tokens = {forge: _token(forge, environment, alone=len(forges) == 1) for forge in forges}
    for each in wanted:
        yield _outcome(each, _place(each, environment, *tokens[each.forge]))


def _outcome(delivery: Delivery, place: GitHubEnvironment | GitLabVariables) -> Outcome:
    credentials = delivery.credentials
    text = f"{credentials.key} to {place.title}"
    try:
        written = place.deliver(credentials)
    except ForgeError as error:
        # A forge, or a proxy before it, may repeat what it was sent.
        return Outcome(Scrubber([credentials.client_secret])(f"{text}: {error}"), failed=True)
    return Outcome(f"{text}: {'delivered' if written else 'unchanged'} (generation {credentials.generation})")


def _place(
    delivery: Delivery, environment: Mapping[str, str], name: str, token: str
) -> GitHubEnvironment | GitLabVariables:
    place = delivery.place
    if delivery.forge == GITHUB:
        root = environment.get("GITHUB_API_URL") or _GITHUB
        headers = {"Authorization": f"Bearer {token}"}
        return GitHubEnvironment(Client("GitHub", root, f"repos/{place['repository']}", name, headers), place)
    root = environment.get("CI_API_V4_URL") or _GITLAB
    project = quote(str(place["project"]), safe="")
    return GitLabVariables(Client("GitLab", root, f"projects/{project}", name, {"PRIVATE-TOKEN": token}), place)


def _token(forge: str, environment: Mapping[str, str], *, alone: bool) -> tuple[str, str]:
    """The name and the value of a forge's token."""
    own = _OWN_TOKENS[forge]
    name = own if environment.get(own) or not alone else TOKEN
    if not environment.get(name):
        raise UserError(f"{name} is not set; no secret was sent. It is a token of its own, with {_RIGHTS[forge]}")
    return name, read_token(environment, name)
