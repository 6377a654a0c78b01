"""What is approved, as sixteen hexadecimal digits: the same for two previews that would do the same."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from model_serving.databricks.resource_types import PROVIDERS
from model_serving.review.assess.resource_change import Subject
from model_serving.review.plan.preview import Step
from model_serving.review.plan.redact import shown

_WRITES_NOTHING = ("same", "refresh", "read")
_CREATING = ("create", "create-replacement", "import")
_WORKSPACE = ("host", "accountId", "azureWorkspaceResourceId")
_OWN_PROVIDER = f"{PROVIDERS}pulumi"
"""The engine's own, for what a program reads from it."""


def digest(steps: Iterable[Step], subjects: Iterable[Subject]) -> str:
    """The digest of a preview. Ids and addresses that the workspace gives are left out: they say where, not what."""
    writes = [step for step in steps if step.op not in _WRITES_NOTHING and step.type != _OWN_PROVIDER]
    parts = [f"{step.op} {step.urn.text} {'retained' if step.retained else ''}".strip() for step in writes]
    parts += [f"{step.urn.text} {shown(inputs)} {step.safe_after}" for step in writes if (inputs := _inputs(step))]
    for subject in subjects:
        parts += [f"{subject.title} {row.label} {row.before} {row.after}" for row in subject.fields]
        parts += [f"{subject.title} {grant}" for grant in subject.grants]
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()[:16]


def _inputs(step: Step) -> Mapping[str, Any]:
    """The inputs that no changed field of a subject holds: of what is created, and of a provider where it works.

    A provider's other settings may differ between the identity that reviews and the one that deploys.
    """
    if step.type.startswith(PROVIDERS):
        return {name: step.new[name] for name in _WORKSPACE if name in step.new}
    return step.new if step.op in _CREATING else {}
