"""Whether a run that is started again may still deploy: not if its branch has moved on.

GitHub lets whoever may write start a run again for 30 days, with its old commit. What was approved for that commit
would then replace what was deployed since, such as a rollback, without a new approval.
"""

from collections.abc import Mapping

from model_serving.delivery.forges.github import GitHub
from model_serving.errors import UserError


class OutdatedRunError(UserError):
    """The run deploys what later commits may have replaced."""


def require_newest(forge: GitHub, environment: Mapping[str, str]) -> None:
    """Raise OutdatedRunError for a run that was started again after commits to its branch. Raises ForgeError."""
    branch, commit = environment["GITHUB_REF_NAME"], environment["GITHUB_SHA"]
    newest = forge.head_of(branch)
    if newest != commit:
        raise OutdatedRunError(
            f"This run is of commit {commit[:12]} and was started again, but {branch} is at {newest[:12]} now: nothing"
            " was deployed. The run of the newest commit deploys all before it; for one stack, run the workflow"
            " `deploy` by hand"
        )
