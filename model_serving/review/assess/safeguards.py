"""Changes of the resource options that keep a resource from being deleted: `protect` and `retain_on_delete`.

The engine has no operation for such a change. It writes it into the state during whatever else it does with the
resource, and that is mostly nothing (`same`).
"""

from dataclasses import dataclass, replace

from model_serving.review.assess.grouping import Group
from model_serving.review.assess.impacts import Impact, Risk, by_risk, impact
from model_serving.review.assess.other_resources import field_sentence
from model_serving.review.assess.resource_change import Action, ResourceChange, Row
from model_serving.review.assess.sentence import sentence
from model_serving.review.plan.preview import Safeguards, Step

_KEEPING = ("same", "update", "replace")
"""The operations after which the resource still exists, with the options that the program sets now."""

_PHRASES = {
    ("protect", True): (Risk.COSMETIC, "Protected from now on", "Pulumi refuses to delete or replace it"),
    ("protect", False): (
        Risk.PROTECTION,
        "No longer protected",
        "from then on one wrong line in a stack file can delete or replace it",
    ),
    ("retain_on_delete", True): (
        Risk.COSMETIC,
        "Retained in the workspace when it is deleted here",
        "a later deletion removes it from Pulumi's state only; it keeps running, and being billed",
    ),
    ("retain_on_delete", False): (
        Risk.PROTECTION,
        "No longer retained in the workspace when it is deleted here",
        "from then on a deletion deletes it in the workspace, too",
    ),
}


@dataclass(frozen=True)
class SafeguardChange:
    """One option that is set or removed, on one resource or on several of the same group."""

    option: str
    """`protect` or `retain_on_delete`."""
    after: bool
    resources: tuple[str, ...] = ()
    """The resources that it changes on, unless that is the one that the group is named after."""

    @property
    def row(self) -> Row:
        label = f"{', '.join(self.resources)}.{self.option}" if self.resources else self.option
        return Row(label, *(("false", "true") if self.after else ("true", "false")))

    @property
    def impact(self) -> Impact:
        risk, what, why = _PHRASES[self.option, self.after]
        return impact(risk, sentence(f"{what}: ", field_sentence(self.row)), why)


def safeguard_changes(group: Group) -> tuple[SafeguardChange, ...]:
    """Each option that changes, once: children inherit the options of their component."""
    changed: dict[tuple[str, bool], list[str]] = {}
    for step in (*group.components, *group.steps):
        before, after = _before(step, group), step.safeguards_after
        if step.op in _KEEPING and before and after:
            for option in ("protect", "retain_on_delete"):
                if getattr(before, option) != getattr(after, option):
                    changed.setdefault((option, getattr(after, option)), []).append(step.urn.name)
    return tuple(
        SafeguardChange(*key, () if group.resource in names else tuple(dict.fromkeys(names)))
        for key, names in sorted(changed.items())
    )


def with_safeguards(change: ResourceChange, group: Group) -> ResourceChange:
    """The change with its safeguards. If nothing else happens to the resource, that is an update, too."""
    safeguards = safeguard_changes(group)
    if not safeguards:
        return change
    return replace(
        change,
        action=Action.UPDATE if change.action is Action.NONE else change.action,
        impacts=by_risk([*change.impacts, *(each.impact for each in safeguards)]),
        fields=(*change.fields, *(each.row for each in safeguards)),
    )


def _before(step: Step, group: Group) -> Safeguards | None:
    """The options in the state. A refresh that comes first already gives the resource its new options."""
    refreshed = (each.safeguards_before for each in group.refreshed if each.urn == step.urn and each.safeguards_before)
    return next(refreshed, step.safeguards_before)
