"""A migration in words and rows, the same in every format."""

from collections.abc import Mapping, Sequence
from typing import Final

from model_serving.review.assess.migration import Phase
from model_serving.review.assess.resource_change import ResourceChange
from model_serving.review.assess.sentence import Sentence, quoted, sentence

HEADINGS: Final[Mapping[Phase, tuple[str, str]]] = {
    Phase.BEGINS: ("predecessor", "successor"),
    Phase.TURNS_BACK: ("predecessor", "endpoint"),
    Phase.ENDS: ("retired", "endpoint"),
    Phase.ABANDONED: ("removed", "endpoint"),
}
"""What the two endpoints are called in each phase, `endpoint` of the migration last."""

VERDICTS: Final[Mapping[Phase, str]] = {
    Phase.BEGINS: "a migration begins, callers are not affected",
    Phase.TURNS_BACK: "a migration turns back, callers are not affected",
    Phase.ENDS: "a predecessor is retired, at the end of its migration",
    Phase.ABANDONED: "a migration is abandoned, its successor is removed",
}
"""What a change does that does nothing else."""


def endpoints(change: ResourceChange) -> tuple[tuple[str, str, str], ...]:
    """What each of the two endpoints is, its name and its URL; none where the change is not about the migration."""
    migration = change.migration
    if migration is None or migration.phase not in HEADINGS:
        return ()
    counterpart, endpoint = HEADINGS[migration.phase]
    return (counterpart, migration.counterpart, migration.counterpart_url), (
        endpoint,
        migration.endpoint,
        migration.endpoint_url,
    )


def next_step(change: ResourceChange, stack: str, *, alone: bool = True) -> Sentence | None:
    """What follows when the change is deployed; None where nothing does. Not `alone` it stands for several."""
    migration = change.migration
    if migration is None or migration.phase not in {Phase.BEGINS, Phase.TURNS_BACK}:
        return None
    key = change.key if alone else "ENDPOINT"
    status, retire = (
        quoted(f"model-serving migrate {key} {each} --stack {stack}") for each in ("--status", "--retire")
    )
    what = sentence("move the callers of ", quoted(migration.counterpart), " to ", quoted(migration.endpoint))
    move = what if alone else sentence("move the callers of each predecessor")
    who = sentence("; ", status, " shows who still calls it. ")
    return sentence(move, who, "Then ", retire, " writes the change that retires it")


def way_back(changes: Sequence[ResourceChange], stack: str) -> Sentence | None:
    """How to go back after the deployment of these; None unless each begins a migration or turns one back."""
    phases = {each.migration.phase if each.migration else None for each in changes}
    if not phases or not phases <= {Phase.BEGINS, Phase.TURNS_BACK}:
        return None
    key = changes[0].key if len(changes) == 1 else "ENDPOINT"
    command = quoted(f"model-serving migrate {key} --back --stack {stack}")
    if Phase.BEGINS in phases:
        edit = "revert this change and deploy it, before callers move. Afterwards "
        return sentence("To go back: ", edit, command, " makes the predecessor the endpoint again")
    return sentence("To go back: ", command)
