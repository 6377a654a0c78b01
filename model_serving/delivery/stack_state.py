"""The resources in a stack's state, by `pulumi stack export`."""

import json
from pathlib import Path

from model_serving.errors import InterruptedRunError, UserError
from model_serving.review.plan.pulumi_command import require_pulumi, run_pulumi
from model_serving.review.plan.state_copy.checkpoint import Resource, resources
from model_serving.state_backend import explained, lacks_stack


class StateError(UserError):
    """The state can't be read. The text is what pulumi printed."""


class NoStackError(StateError):
    """There is no such stack."""


def state_resources(stack: str, folder: Path) -> list[Resource]:
    """The resources as the state holds them. Raises StateError, NoPulumiError and InterruptedRunError."""
    require_pulumi()
    ran = run_pulumi("stack export", stack, folder, [])
    if ran.interrupted_by:
        text = f"Interrupted while the state of stack {stack} was read; nothing was changed"
        raise InterruptedRunError(ran.interrupted_by, text)
    if ran.status:
        raise (NoStackError if lacks_stack(ran.text) else StateError)(explained(ran.text, stack))
    return resources(json.loads(ran.text))
