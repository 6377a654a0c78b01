"""The phases of a migration as a user reads them: what each commit does, and the exact commands."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model_serving.delivery.migrate.project import Project


@dataclass(frozen=True)
class Phase:
    """One phase: what happens in it, and its commands in their order."""

    title: str
    commands: tuple[str, ...]


def phases_of_start(
    project: Project, file: str, successor: str, predecessor: str, *, is_back: bool = False
) -> tuple[Phase, ...]:
    """From the commit that declares the successor to the retirement of the predecessor."""
    what = (
        f"This commit makes {successor} the successor again. Both stay as they are, and no write is made."
        if is_back
        else f"This commit creates {successor} with the same permissions and settings. {predecessor} serves as before."
    )
    subject = f"{'Go back' if is_back else 'Migrate'} from {predecessor} to {successor}"
    return (
        Phase(what, _commit_and_deploy(project, file, subject)),
        Phase(
            f"Then move the callers to endpoints.{project.key}.url of the outputs. Both answer, and"
            f" endpoints.{project.key}.predecessor.url is the old one. --back returns at any time.",
            (migrate_command(project, "--status"),),
        ),
        Phase(
            f"When nobody calls {predecessor} any more, the next commit retires it.",
            (migrate_command(project, "--retire"),),
        ),
    )


def phases_of_unprotecting(project: Project, file: str, predecessor: str) -> tuple[Phase, ...]:
    """The two commits that retire a protected predecessor."""
    return (
        Phase(
            f"This commit ends the protection of {predecessor}. Nothing is written to the workspace.",
            _commit_and_deploy(project, file, f"End the protection of {predecessor}"),
        ),
        Phase("The next commit retires it.", (migrate_command(project, "--retire"),)),
    )


def phases_of_retirement(project: Project, file: str, predecessor: str) -> tuple[Phase, ...]:
    """The commit that retires the predecessor."""
    quiet = project.spec.predecessor_quiet.text
    address = project.deployed.get(predecessor)
    forced = f" In spite of requests: `replace_id: {address.id}` on {project.key}, in {file}." if address else ""
    what = (
        f"This commit takes {predecessor} out of Pulumi's state. It stays live (`retain_on_delete`)."
        if project.endpoint.retain_on_delete
        else f"This commit deletes {predecessor}, which can't be undone. It is refused while requests came in the last"
        f" {quiet}.{forced}"
    )
    return (Phase(what, _commit_and_deploy(project, file, f"Retire {predecessor}")),)


def phase_lines(phases: Sequence[Phase]) -> Iterator[str]:
    """The phases, numbered, with each command on a line of its own."""
    for number, phase in enumerate(phases, start=1):
        yield f"{number}. {phase.title}"
        yield from (f"     {command}" for command in phase.commands)


def _commit_and_deploy(project: Project, file: str, subject: str) -> tuple[str, ...]:
    return (
        f"model-serving review --stack {project.stack}",
        f"git commit --only -m {shlex.quote(subject)} -- {file}",
        f"pulumi up --stack {project.stack}",
    )


def migrate_command(project: Project, option: str) -> str:
    """The command line of a step of this endpoint's migration."""
    return f"model-serving migrate {shlex.quote(project.key)} --stack {project.stack} {option}"
