"""The digest of a preview: sixteen hexadecimal digits, the same for two previews that would do the same."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from model_serving.databricks.resource_types import PROVIDERS
from model_serving.review.assess.resource_change import ResourceChange
from model_serving.review.plan.preview import Step
from model_serving.review.plan.redact import shown

_NOT_WRITING = ("same", "refresh", "read")
_CREATING = ("create", "create-replacement", "import")
_WORKSPACE = ("host", "accountId", "azureWorkspaceResourceId")
_OWN_PROVIDER = f"{PROVIDERS}pulumi"
"""The engine's own, for what a program reads from it."""


def digest(steps: Iterable[Step], changes: Iterable[ResourceChange]) -> str:
    """The digest of a preview. Ids and addresses that the workspace assigns are left out: they are no decision."""
    writes = [step for step in steps if step.op not in _NOT_WRITING and step.type != _OWN_PROVIDER]
    parts = [f"{step.op} {step.urn.text} {'retained' if step.retained else ''}".strip() for step in writes]
    parts += [
        f"{step.urn.text} {shown(inputs)} {step.safeguards_after}" for step in writes if (inputs := _inputs(step))
    ]
    for change in changes:
        parts += [f"{change.title} {row.label} {row.before} {row.after}" for row in change.fields]
        parts += [f"{change.title} {grant.principal} {grant.before} {grant.after}" for grant in change.grants]
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()[:16]


def _inputs(step: Step) -> Mapping[str, Any]:
    """The inputs that no changed field holds: those of a new resource, and the workspace of a provider.

    A provider's other settings may differ between the identity that reviews and the one that deploys.
    """
    if step.type.startswith(PROVIDERS):
        return {name: step.new[name] for name in _WORKSPACE if name in step.new}
    return step.new if step.op in _CREATING else {}
