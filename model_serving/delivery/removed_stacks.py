"""A stack whose file is deleted: the file goes, and the stack with its endpoints stays where it is."""

import json
import re
from pathlib import Path

from model_serving.databricks.resource_types import ENGINE_TYPES
from model_serving.delivery.git import commit, text_at
from model_serving.errors import InterruptedRunError, UsageError
from model_serving.review.plan.engine_process import progress
from model_serving.review.plan.preview import Preview
from model_serving.review.plan.run import require_pulumi, run_pulumi
from model_serving.spec.files.listing import stack_file, stacks

_UNKNOWN_STACK = re.compile(r"no stack named")


def missing_file(folder: Path, stack: str) -> UsageError:
    """What is wrong where a stack has no file, and never had one."""
    known = ", ".join(stacks(folder)) or "none"
    return UsageError(f'Stack "{stack}" has no file {stack_file(stack)}. Stacks here: {known}')


def way_out(folder: Path, stack: str, since: str) -> str:
    """What to do where a stack's file is deleted before the stack."""
    file = stack_file(stack)
    lines = (
        f'{file} is deleted; stack "{stack}" and its endpoints are not, and go on being billed.',
        "To retire the stack, put the file back and destroy the stack first:",
        f"  git checkout {_keeper(folder, stack, since)[:12]} -- {file}",
        f"  pulumi destroy --stack {stack} --run-program",
        f"  pulumi stack rm {stack}",
        "The last one deletes the file, too",
    )
    return "\n".join(lines)


def retired(stack: str, folder: Path, since: str = "") -> Preview:
    """What becomes of a stack whose file is deleted: an error where it still has resources, nothing where it hasn't.

    `since` is what the branch is based on. Raises NoPulumiError and InterruptedRunError, and UsageError for a stack
    that never had a file.
    """
    if not _keeper(folder, stack, since):
        raise missing_file(folder, stack)
    require_pulumi()
    progress(f"Reading stack {stack}, whose file is deleted\n")
    ran = run_pulumi("stack export", stack, folder, [])
    if ran.interrupted_by:
        raise InterruptedRunError(ran.interrupted_by, f"Interrupted while stack {stack} was read; it changes nothing")
    if ran.status and _UNKNOWN_STACK.search(ran.text):
        return Preview(stack)
    if ran.status:
        return Preview(stack, errors=(f"{way_out(folder, stack, since)}\n\n{ran.text.strip()}",), complete=False)
    left = _resources(ran.text)
    if not left:
        progress(f"Stack {stack} has no resources left; pulumi stack rm {stack} removes it\n")
        return Preview(stack)
    counted = f"{left} resource{'' if left == 1 else 's'} of it {'is' if left == 1 else 'are'} in the state"
    return Preview(stack, errors=(f"{way_out(folder, stack, since)}\n\n{counted}",), complete=False)


def _resources(exported: str) -> int:
    """How many resources a stack's state holds, less those that stand for nothing in the workspace."""
    found = json.loads(exported).get("deployment", {}).get("resources") or []
    return sum(bool(each.get("custom")) and not each["type"].startswith(ENGINE_TYPES) for each in found)


def _keeper(folder: Path, stack: str, since: str) -> str:
    """The commit that still has the stack's file; empty where none does."""
    commits = (commit(folder, name) for name in ("HEAD", since) if name)
    return next((each for each in commits if each and text_at(folder, each, stack_file(stack)) is not None), "")
