"""Stacks whose file is deleted: the endpoints stay until the stack itself is destroyed."""

from pathlib import Path

from model_serving.databricks.resource_types import ENGINE_TYPES
from model_serving.delivery.git import commit, text_at
from model_serving.delivery.stack_state import NoStackError, StateError, state_resources
from model_serving.errors import UsageError
from model_serving.review.plan.engine_process import progress
from model_serving.review.plan.preview import Preview
from model_serving.spec.files.listing import stack_file, stacks


def missing_file(folder: Path, stack: str) -> UsageError:
    """The error for a stack that has no file and never had one."""
    known = ", ".join(stacks(folder)) or "none"
    return UsageError(f'Stack "{stack}" has no file {stack_file(stack)}. Stacks here: {known}')


def how_to_retire(folder: Path, stack: str, since: str) -> str:
    """What to do where a stack's file is deleted before the stack. `since` is the base of the branch."""
    file = stack_file(stack)
    return f"""{file} is deleted, but stack "{stack}" and its endpoints are not: they are still billed.
To retire the stack, restore the file and destroy the stack first:
  git checkout {_last_commit_with_file(folder, stack, since)[:12]} -- {file}
  pulumi destroy --stack {stack} --run-program
  pulumi stack rm {stack}
The last command deletes the file, too"""


def preview_of_removed_stack(stack: str, folder: Path, since: str = "") -> Preview:
    """The preview of a stack whose file is deleted: an error while it has resources, else no change.

    `since` is the base of the branch. Raises NoPulumiError and InterruptedRunError, and UsageError for a stack that
    never had a file.
    """
    if not _last_commit_with_file(folder, stack, since):
        raise missing_file(folder, stack)
    progress(f"Reading the state of stack {stack}, whose file is deleted\n")
    try:
        left = _count_in_workspace(stack, folder)
    except NoStackError:
        return Preview(stack)
    except StateError as error:
        return _failed(stack, f"{how_to_retire(folder, stack, since)}\n\n{error}")
    if not left:
        progress(f"Stack {stack} has no resources left; pulumi stack rm {stack} removes it\n")
        return Preview(stack)
    resources = "1 resource of it is" if left == 1 else f"{left} resources of it are"
    return _failed(stack, f"{how_to_retire(folder, stack, since)}\n\n{resources} in the state")


def _failed(stack: str, error: str) -> Preview:
    return Preview(stack, errors=(error,), complete=False)


def _count_in_workspace(stack: str, folder: Path) -> int:
    """The number of the stack's resources that exist in the workspace."""
    resources = state_resources(stack, folder)
    return sum(bool(each.get("custom")) and not each["type"].startswith(ENGINE_TYPES) for each in resources)


def _last_commit_with_file(folder: Path, stack: str, since: str) -> str:
    """HEAD or `since`, whichever still has the stack's file; empty where neither does."""
    commits = (commit(folder, name) for name in ("HEAD", since) if name)
    return next((each for each in commits if each and text_at(folder, each, stack_file(stack)) is not None), "")
