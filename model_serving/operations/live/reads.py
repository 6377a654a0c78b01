"""The reads of a status: at most one listing, and a bounded number of endpoints one by one.

A listing has states and model versions, but no traffic, no states of entities and no route optimization. Source: REST
reference, list serving endpoints.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from urllib.parse import quote

from model_serving.components.preflight.privileges import UNITY_CATALOG
from model_serving.databricks.client import Workspace
from model_serving.databricks.errors import DeniedError, SignInError, UnreachableError, WorkspaceError
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH, endpoint_path, is_updating
from model_serving.operations.live.targets import Target

MOST_WITHOUT_LISTING: Final = 25
"""So many endpoints are read one by one, without a listing."""

MOST_READS: Final = 50
"""How many endpoints of a larger stack are read one by one, those that need a look first."""

MOST_ALIASES: Final = 25
"""How many aliases of models are resolved."""

_THREADS: Final = 8

T = TypeVar("T")
R = TypeVar("R")


@dataclass
class Reads:
    """Answers of the workspace by key: detailed ones, summaries, and why others could not be read.

    An endpoint that is in none of them does not exist.
    """

    detailed: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    listed: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def read_endpoints(
    workspace: Workspace,
    targets: Sequence[Target],
    is_urgent: Callable[[Target, Mapping[str, Any]], bool],
    named: bool = False,
) -> Reads:
    """Read these endpoints. With `named` each is read by itself, however many they are.

    `is_urgent` says of a summary whether that endpoint is read before others. Raises SignInError and UnreachableError.
    """
    if named or len(targets) <= MOST_WITHOUT_LISTING:
        return _each(workspace, targets, Reads())
    listing = {str(each["name"]): each for each in workspace.get(ENDPOINTS_PATH).get("endpoints") or []}
    reads = Reads(listed={each.key: listing[each.name] for each in targets if each.name in listing})
    urgent = [each for each in targets if each.name not in listing or is_urgent(each, listing[each.name])]
    first = list({each.key: each for each in [*urgent, *targets]}.values())
    for target in first[MOST_READS:]:
        if target.key not in reads.listed:
            reads.failed[target.key] = "you may not view it, or it does not exist: the listing does not have it"
    return _each(workspace, first[:MOST_READS], reads)


def is_unsettled(summary: Mapping[str, Any]) -> bool:
    """Whether an endpoint of the listing is being updated, has failed, is stopped or is not ready."""
    state = summary.get("state") or {}
    settled = state.get("config_update") in (None, "NOT_UPDATING") and state.get("ready") == "READY"
    return not settled or is_updating(summary)


def read_aliases(workspace: Workspace, aliases: Sequence[str]) -> dict[str, str]:
    """The versions of aliases such as `main.ml.fraud@Champion`, of those that can be read."""

    def version(reference: str) -> str | None:
        name, _, alias = reference.partition("@")
        try:
            answer = workspace.find(f"{UNITY_CATALOG}/models/{quote(name)}/aliases/{quote(alias)}") or {}
        except WorkspaceError:
            return None
        found = answer.get("model_version", answer).get("version")
        return None if found is None else str(found)

    wanted = aliases[:MOST_ALIASES]
    found = zip(wanted, concurrently(version, wanted), strict=True)
    return {reference: number for reference, number in found if number}


def concurrently(call: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """The results of a call for each item, a few at a time."""
    with ThreadPoolExecutor(_THREADS) as executor:
        return [*executor.map(call, items)]


def _each(workspace: Workspace, targets: Sequence[Target], reads: Reads) -> Reads:
    def read(target: Target) -> Mapping[str, Any] | WorkspaceError | None:
        try:
            return workspace.find(endpoint_path(target.name))
        except WorkspaceError as error:
            return error

    answers = concurrently(read, targets)
    if answers and all(isinstance(each, SignInError | UnreachableError) for each in answers):
        raise next(each for each in answers if isinstance(each, WorkspaceError))
    for target, answer in zip(targets, answers, strict=True):
        if isinstance(answer, WorkspaceError):
            reads.failed[target.key] = _reason(answer)
        elif answer is not None:
            reads.detailed[target.key] = answer
        else:
            reads.listed.pop(target.key, None)  # deleted since
    return reads


def _reason(error: WorkspaceError) -> str:
    return f"you may not view it: {error}" if isinstance(error, DeniedError) else str(error)
