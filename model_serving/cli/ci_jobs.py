"""What the jobs of a pipeline call around a review and a deployment: before they sign in, and at their end."""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import Final

import click

from model_serving.cli.command import subcommand
from model_serving.cli.options import stack_option
from model_serving.delivery.forges.client import ForgeError
from model_serving.delivery.forges.forge import forge
from model_serving.delivery.forges.github import GitHub
from model_serving.delivery.gate import LONGEST, STATUS, Results, gate
from model_serving.delivery.pull_request_files import take_stack_files
from model_serving.delivery.repeated_run import require_newest
from model_serving.delivery.sign_in import require_ready
from model_serving.delivery.state_sign_in import keep_fresh as renew
from model_serving.delivery.state_sign_in import must_be_renewed, state_sign_in, write_token
from model_serving.errors import UsageError, UserError

_NONE: Final = "none"
_DEPENDABOT: Final = (
    "GitHub gives the runs of Dependabot's pull requests a token that only reads: a maintainer pushes the commit to a"
    " branch of this repository"
)


@subcommand(
    "take",
    short_help="Take the stack files of a pull request.",
    example="model-serving ci take --head 0123abc --judge-changed judge.txt",
)
@click.option("--head", metavar="SHA", required=True, help="The pull request's last commit.")
@click.option(
    "--judge-changed", "judge", type=Path, metavar="FILE", required=True, help="Where to list the other changed files."
)
def take(head: str, judge: Path) -> int:
    """Take a pull request's stack files into a checkout of its base, and no other file.

    They are written as a merge would leave them. The other files that it changes, which decide how it is judged, are
    listed in a file for `ci changed --also` and `review --judge-changed`.
    """
    taken = take_stack_files(Path.cwd(), head)
    judge.write_text("".join(f"{name}\n" for name in taken.judge), encoding="utf-8")
    click.echo("\n".join(taken.stack_files))
    return 0


@subcommand(
    "ready",
    short_help="Check that a job may sign in for a stack.",
    example="model-serving ci ready --stack prod --base HEAD",
)
@stack_option()
@click.option("--base", metavar="REF", default="", help="The merged state: settings of sign-in must be as there.")
def ready(stack: str, base: str) -> int:
    """Check that a job may sign in for a stack, before it sends any credential.

    The stack file names the workspace of this environment (DATABRICKS_HOST), and the variables of the job are set.
    """
    require_ready(stack, Path.cwd(), os.environ, base)
    return 0


@subcommand("sign-in", short_help="Sign in to the state's backend.", example="model-serving ci sign-in")
@click.option("--keep-fresh", is_flag=True, hidden=True)
def sign_in(*, keep_fresh: bool) -> int:
    """Sign in to the state's backend, for the later steps of a job; outside of GitHub for a shell to evaluate.

    PULUMI_BACKEND_URL decides: S3, Azure Blob Storage and Google Cloud Storage by the forge's OIDC token, Pulumi Cloud
    by its own. On GitHub a process in the background renews the token until the job ends.
    """
    # A folder of its own where the job has none: other jobs of the machine have their own tokens.
    folder = os.environ.get("RUNNER_TEMP") or tempfile.mkdtemp(prefix="model-serving-sign-in-")
    prepared = state_sign_in(os.environ, Path(folder))
    if keep_fresh:
        renew(os.environ, prepared)
        return 0
    write_token(os.environ, prepared)
    if file := os.environ.get("GITHUB_ENV"):
        with Path(file).open("a", encoding="utf-8") as variables:
            variables.writelines(f"{name}={value}\n" for name, value in prepared.variables.items())
    else:
        click.echo("\n".join(f"export {name}={shlex.quote(value)}" for name, value in prepared.variables.items()))
    if must_be_renewed(os.environ, prepared):
        command = [sys.executable, "-m", "model_serving", "ci", "sign-in", "--keep-fresh"]
        nowhere = subprocess.DEVNULL
        subprocess.Popen(command, start_new_session=True, stdin=nowhere, stdout=nowhere, stderr=nowhere)
    return 0


@subcommand(
    "gate",
    short_help="Write the status of a pull request.",
    example="model-serving ci gate --head 0123abc --check success --stacks '[]'",
)
@click.option("--head", metavar="SHA", required=True, help="The pull request's last commit.")
@click.option("--check", "check_result", metavar="RESULT", required=True, help="The result of the job check.")
@click.option("--review", "review_result", metavar="RESULT", default="skipped", help="The result of the job review.")
@click.option("--stacks", metavar="JSON", default="[]", help="The stacks that the pull request concerns.")
@click.option("--stack-files", metavar="FILES", default=_NONE, help="The stack files that it changes, or none.")
@click.option("--outsider", is_flag=True, help="The run has no credentials: for a fork or for Dependabot.")
def gate_command(
    head: str, check_result: str, review_result: str, stacks: str, stack_files: str, *, outsider: bool
) -> int:
    """Write the status of a pull request's last commit that a branch rule can require, on GitHub."""
    # An output of a job may be lost: what is empty doesn't count as none.
    try:
        names = json.loads(stacks) if stacks.strip() else None
    except ValueError:
        raise UsageError(f"--stacks is not a list in JSON: {stacks}. Give the output of `ci changed --json`") from None
    status = gate(Results(check_result, review_result, names, stack_files.strip() != _NONE, outsider))
    click.echo(status.text)
    try:
        _github().set_status(head, STATUS, status.text[:LONGEST], passed=status.passed)
    except ForgeError as error:
        if outsider and error.status == HTTPStatus.FORBIDDEN:
            raise UserError(f"The status of {head[:12]} can't be written. {_DEPENDABOT}") from None
        raise
    return 0 if status.passed else 1


@subcommand(
    "protected",
    short_help="Check that an environment has reviewers.",
    example="model-serving ci protected --environment prod-approval",
)
@click.option("--environment", metavar="NAME", required=True, help="The environment.")
def protected(environment: str) -> int:
    """Check that another person must approve what an environment deploys, on GitHub."""
    if why := _github().unprotected(environment):
        raise UserError(
            f"Environment {environment} protects nothing: {why}. Set required reviewers, and prevent self-review:"
            " see docs/pipelines.md"
        )
    return 0


@subcommand("newest", example="model-serving ci newest")
def newest() -> int:
    """Check that a run which was started again is of its branch's newest commit, on GitHub.

    A run of an older commit would replace what was deployed since. A run's first attempt is not checked.
    """
    if int(os.environ.get("GITHUB_RUN_ATTEMPT") or 1) > 1:
        require_newest(_github(), os.environ)
    return 0


def _github() -> GitHub:
    host = forge()
    if not isinstance(host, GitHub):
        raise UsageError("This command is for GitHub only: on GitLab, require that pipelines succeed")
    return host
