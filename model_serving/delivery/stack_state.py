"""The resources in a stack's state, by `pulumi stack export`."""

import json
import re
from pathlib import Path
from typing import Any

from model_serving.errors import InterruptedRunError, UserError
from model_serving.review.plan.pulumi_command import require_pulumi, run_pulumi
from model_serving.state_backend import explained

_NO_STACK = re.compile(r"no stack named")
"""What pulumi prints for a stack that doesn't exist; releases before 3.226 have no exit status for it."""


class StateError(UserError):
    """The state can't be read. The text is what pulumi printed."""


class NoStackError(StateError):
    """There is no such stack."""


def state_resources(stack: str, folder: Path) -> list[dict[str, Any]]:
    """The resources as the state holds them. Raises StateError, NoPulumiError and InterruptedRunError."""
    require_pulumi()
    ran = run_pulumi("stack export", stack, folder, [])
    if ran.interrupted_by:
        text = f"Interrupted while the state of stack {stack} was read; nothing was changed"
        raise InterruptedRunError(ran.interrupted_by, text)
    if ran.status:
        raise (NoStackError if _NO_STACK.search(ran.text) else StateError)(explained(ran.text, stack))
    return json.loads(ran.text).get("deployment", {}).get("resources") or []
