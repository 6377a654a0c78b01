"""Why nothing can be deployed: each cause once, however many hooks, rules and parts of the engine report it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from textwrap import dedent
from typing import Final

from model_serving.contract.message_parts import message_parts
from model_serving.contract.replacement import REFUSED_BY
from model_serving.contract.retirement import RETIREMENT_REFUSED_BY
from model_serving.databricks.resource_types import PERMISSIONS
from model_serving.review.assess.grouping import Owner, owners
from model_serving.review.assess.locations import Locations
from model_serving.review.plan.preview import Preview, Step, Violation
from model_serving.spec.diagnostics import Location, read_diagnostics


class CauseKind(StrEnum):
    """The kinds of causes."""

    STACK_FILE = "stack-file"  # an error in the stack files
    IMMUTABLE = "immutable"  # a change that can't be made in place
    PROTECTED = "protected"  # a deletion of what is protected
    IN_USE = "in-use"  # a retirement of what may still be called
    POLICY = "policy"  # a mandatory rule is violated
    ERROR = "error"  # everything else

    @property
    def refuses(self) -> bool:
        """Whether a safeguard refuses the change, while nothing went wrong."""
        return self in {CauseKind.IMMUTABLE, CauseKind.PROTECTED, CauseKind.IN_USE, CauseKind.POLICY}


@dataclass(frozen=True)
class Cause:
    """One reason why nothing can be deployed."""

    kind: CauseKind
    message: str
    """What is wrong, in one line."""
    details: str = ""
    """More lines, as they are written."""
    fixes: tuple[str, ...] = ()
    """Commands, or edits of a line, the preferred one first."""
    owner: Owner | None = None
    """The kind and key of the resource; None for the stack as a whole."""
    place: Location | None = None
    rules: tuple[str, ...] = ()
    """The policy rules that report it."""


_KINDS: Final = {**dict.fromkeys(REFUSED_BY, CauseKind.IMMUTABLE), RETIREMENT_REFUSED_BY: CauseKind.IN_USE}
"""The kind of a hook's refusal, by its name."""


def causes(preview: Preview, errors: Iterable[str], locations: Locations) -> tuple[Cause, ...]:
    """The causes of a failed preview: those of `errors`, then those of the mandatory rules that no error explains."""
    owner_of = owners(preview.steps)
    every = [cause for error in errors for cause in _of_error(error, preview, owner_of, locations)]
    # The hook that refuses a retirement is asked before each resource of the endpoint, and says why once.
    whole = {cause.owner for cause in every if cause.kind is CauseKind.IN_USE and cause.fixes}
    distinct = [each for each in every if each.kind is not CauseKind.IN_USE or each.fixes or each.owner not in whole]
    for violation in preview.violations:
        if violation.mandatory:
            _add(distinct, _of_violation(violation, owner_of, locations))
    return tuple(distinct)


def is_explained(violation: Violation, owner: Owner | None, known: Iterable[Cause]) -> bool:
    """Whether a cause explains the violation already."""
    return violation.rule in REFUSED_BY and any(
        cause.kind is CauseKind.IMMUTABLE and cause.owner == owner for cause in known
    )


def violation_place(violation: Violation, owner: Owner | None, locations: Locations) -> Location | None:
    """The line that violates a rule, or the line of the resource; None if no file declares it."""
    if owner is None:
        return None
    # The rules count entries of an access list from the list, which is a resource of its own.
    within = ("permissions",) if f"{PERMISSIONS}::" in violation.urn else ()
    return locations(*owner, (*within, *violation.field))


def _of_error(error: str, preview: Preview, owner_of: Mapping[str, Owner], locations: Locations) -> Iterator[Cause]:
    if diagnostics := read_diagnostics(error):
        for each in diagnostics:
            text = f"`{each.path}` {each.message}" if each.path else each.message
            yield Cause(CauseKind.STACK_FILE, text, fixes=(each.hint,) if each.hint else (), place=each.location)
        return
    origin = preview.origins.get(error)
    owner = owner_of.get(origin.urn) if origin else None
    if origin and owner and not origin.hook and _is_protected(origin.urn, preview.steps):
        yield _protected(owner, locations)
        return
    parts = message_parts(error)
    first, _, rest = parts.message.partition("\n")
    kind = _KINDS.get(origin.hook, CauseKind.ERROR) if origin else CauseKind.ERROR
    place = locations(*owner, parts.field) if owner else None
    # The engine begins some of its own errors with a word that a heading says already.
    yield Cause(kind, first.removeprefix("error: "), dedent(rest), parts.fixes, owner, place)


def _is_protected(urn: str, steps: Iterable[Step]) -> bool:
    """Whether the plan deletes a protected resource, which the engine refuses."""
    return any(
        step.urn.text == urn
        and step.op in {"delete", "delete-replaced", "replace"}
        and step.safeguards_before is not None
        and step.safeguards_before.protect
        for step in steps
    )


def _protected(owner: Owner, locations: Locations) -> Cause:
    kind, key = owner
    place = locations(kind, key, ())
    fixes = (
        f"Keep it: restore `{key}` in the stack files" if place is None else "Take back the change that replaces it",
        "To delete it: first a change that only removes `protect: true`; after its deployment, this one",
    )
    done = "deleted" if place is None else "replaced"
    return Cause(
        CauseKind.PROTECTED, f'{kind.capitalize()} "{key}" is protected: it can\'t be {done}', "", fixes, owner, place
    )


def _of_violation(violation: Violation, owner_of: Mapping[str, Owner], locations: Locations) -> Cause:
    owner = owner_of.get(violation.urn)
    kind = CauseKind.IMMUTABLE if violation.rule in REFUSED_BY else CauseKind.POLICY
    place = violation_place(violation, owner, locations)
    first, _, rest = violation.message.partition("\n")
    return Cause(kind, first, dedent(rest), violation.fixes, owner, place, (violation.rule,))


def _add(distinct: list[Cause], cause: Cause) -> None:
    """Add a cause, or its rule and its place to the one that explains it already."""
    for n, other in enumerate(distinct):
        if cause.kind is other.kind is CauseKind.IMMUTABLE and cause.owner == other.owner:
            distinct[n] = replace(other, rules=(*other.rules, *cause.rules), place=other.place or cause.place)
            return
    distinct.append(cause)
