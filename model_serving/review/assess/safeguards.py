"""Changes of what keeps a resource from being deleted: the resource options `protect` and `retain_on_delete`.

The engine has no operation for such a change. It writes it into the state beside whatever else it does with the
resource, and that is mostly nothing (`same`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from model_serving.review.assess.grouping import Group
from model_serving.review.assess.impacts import Finding, Risk, by_risk
from model_serving.review.assess.resource_change import Action, Row, Subject
from model_serving.review.assess.sentence import quoted
from model_serving.review.plan.preview import Safeguards, Step

_KEPT_BY = ("same", "update", "replace")
"""The operations after which the resource is still there, under the options that the program gives it now."""

_SAYS = {
    ("protect", True): (Risk.COSMETIC, "Protected from now on", "Pulumi refuses to delete or replace it"),
    ("protect", False): (
        Risk.PROTECTION,
        "No longer protected",
        "from then on one wrong line in a stack file can delete or replace it",
    ),
    ("retain_on_delete", True): (
        Risk.COSMETIC,
        "Kept in the workspace when it is deleted here",
        "a later deletion removes it from Pulumi's state only; it keeps running, and being billed",
    ),
    ("retain_on_delete", False): (
        Risk.PROTECTION,
        "No longer kept in the workspace when it is deleted here",
        "from then on a deletion deletes it in the workspace, too",
    ),
}


@dataclass(frozen=True)
class SafeguardChange:
    """One option that is set or taken away, on one resource or on several of the same group."""

    option: str
    """`protect` or `retain_on_delete`."""
    after: bool
    of: tuple[str, ...] = ()
    """The resources that it changes on, where it doesn't change on the group's own one."""

    @property
    def row(self) -> Row:
        label = ".".join([*filter(None, [", ".join(self.of)]), self.option])
        return Row(label, *(("false", "true") if self.after else ("true", "false")))

    @property
    def finding(self) -> Finding:
        risk, what, why = _SAYS[self.option, self.after]
        row = self.row
        return Finding(risk, f"{what}: {quoted(row.label)} {quoted(row.before)} → {quoted(row.after)}", why)

    def step(self, group: Group) -> str:
        """What the engine does for it, as a sentence of the steps."""
        row = self.row
        return f"Set {quoted(row.label)} of {group.kind} {quoted(group.key)} to {quoted(row.after)} in Pulumi's state"


def safeguard_changes(group: Group) -> tuple[SafeguardChange, ...]:
    """Each option that changes, once: children inherit what their component is given."""
    changed: dict[tuple[str, bool], list[Step]] = {}
    for step in (*group.components, *group.steps):
        before, after = _before(step, group), step.safe_after
        if step.op in _KEPT_BY and before and after:
            for option in _differing(before, after):
                changed.setdefault((option, getattr(after, option)), []).append(step)
    return tuple(SafeguardChange(*key, _others(group, steps)) for key, steps in sorted(changed.items()))


def with_safeguards(subject: Subject, group: Group) -> Subject:
    """The subject, with what becomes of its safeguards. Where nothing else happens to it, that is a change, too."""
    changes = safeguard_changes(group)
    if not changes:
        return subject
    return replace(
        subject,
        action=Action.UPDATE if subject.action is Action.NONE else subject.action,
        findings=by_risk([*subject.findings, *(each.finding for each in changes)]),
        fields=(*subject.fields, *(each.row for each in changes)),
    )


def _before(step: Step, group: Group) -> Safeguards | None:
    """What the state holds. A refresh that comes first already gives the resource its new options."""
    refreshed = (each for each in group.refreshed if each.urn == step.urn and each.safe_before)
    return next((each.safe_before for each in refreshed), step.safe_before)


def _differing(before: Safeguards, after: Safeguards) -> Iterator[str]:
    if before.protect != after.protect:
        yield "protect"
    if before.retain_on_delete != after.retain_on_delete:
        yield "retain_on_delete"


def _others(group: Group, steps: list[Step]) -> tuple[str, ...]:
    """The names of the resources, where none of them is the one that the group is named after."""
    names = dict.fromkeys(step.urn.name for step in steps)
    return () if group.key in names else tuple(names)
