"""What is approved, as sixteen hexadecimal digits: the same for two previews that would do the same."""

import hashlib
from collections.abc import Iterable

from review.preview import Step
from review.subject import Subject
from review.values import shown

_WRITES_NOTHING = ("same", "refresh", "read")
_OWN_PROVIDER = "pulumi:providers:pulumi"
"""The engine's own, for what a program reads from it."""


def digest(steps: Iterable[Step], subjects: Iterable[Subject]) -> str:
    """The digest of a preview. Ids and addresses that the workspace gives are left out: they say where, not what."""
    writes = [step for step in steps if step.op not in _WRITES_NOTHING and step.type != _OWN_PROVIDER]
    parts = [f"{step.op} {step.urn.text} {'retained' if step.retained else ''}".strip() for step in writes]
    parts += [f"{step.urn.text} {shown(step.new)} {step.safe_after}" for step in writes if _holds_inputs(step)]
    for subject in subjects:
        parts += [f"{subject.title} {row.label} {row.before} {row.after}" for row in subject.fields]
        parts += [f"{subject.title} {grant}" for grant in subject.grants]
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()[:16]


def _holds_inputs(step: Step) -> bool:
    """Whether no changed field of a subject holds the step's inputs: of what is new, and of the workspace's address."""
    created = step.op in {"create", "create-replacement", "import"}
    return created or (step.type.startswith("pulumi:providers:") and bool(step.new))
