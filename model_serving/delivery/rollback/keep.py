"""Keeps the change of the stack files: as a patch, or as a commit of only these files."""

import shlex
from pathlib import Path

from model_serving.delivery.git import GitError, git
from model_serving.delivery.rollback.rollback import PlannedRollback
from model_serving.delivery.rollback.stack_file_change import StackFileChange
from model_serving.errors import UsageError, UserError
from model_serving.spec.rollout_record import split_text


def require_committable(folder: Path, change: StackFileChange) -> None:
    """Raise UsageError unless the change alone can be committed to the current branch."""
    try:
        git(folder, "symbolic-ref", "--quiet", "HEAD")
    except GitError:
        raise UsageError("--commit needs a branch, and none is checked out here: use --patch FILE") from None
    if edited := git(folder, "status", "--porcelain", "--", *change.files) if change.files else "":
        raise UsageError(
            f"--commit would commit changes of others, too: these files have uncommitted ones:\n{edited}\nUse --patch"
            " FILE, or commit or stash them first (git stash)"
        )


def keep_in_commit(planned: PlannedRollback, change: StackFileChange) -> str:
    """Write and commit the changed files, nothing else, and say so. Raises UserError with what is left to do."""
    folder, files = planned.folder, [*change.files]
    for file, text in change.files.items():
        (folder / file).write_text(text, encoding="utf-8", newline="")
    subject = f"Roll back {planned.deployed.key} of {planned.targets.stack} to {split_text(planned.goal.traffic)}"
    try:
        git(folder, "commit", "--quiet", "--only", "-m", subject, "-m", f"Restored: {planned.goal.why}.", "--", *files)
        commit = git(folder, "rev-parse", "--short", "HEAD")
    except GitError as error:
        raise UserError(
            f"The rollback is live, and {', '.join(files)} is changed, but not committed: {error}\nCommit it yourself:"
            f" git commit --only -m '{subject}' -- {' '.join(files)}"
        ) from None
    return f"Committed as {commit}: {subject}. Push it as a pull request, or the next deployment undoes the rollback\n"


def keep_in_patch(change: StackFileChange, file: Path | None, printed: str) -> str:
    """Write the patch to the file, where one is given, and say how it is applied.

    `printed` says where a patch without a file is. Raises UserError with what is left to do.
    """
    what = f"{', '.join(change.files)} must change, or the next deployment undoes the rollback"
    if not file:
        return f"{what}. That is {printed}, which git apply reads from standard input or from a file\n"
    try:
        file.write_text(change.patch, encoding="utf-8", newline="")
    except OSError as error:
        raise UserError(f"The rollback is live. {what}, and {file} can't be written: {error.strerror}") from None
    return f"{what}. Apply the patch with:\n  git apply {shlex.quote(str(file))}\n"
