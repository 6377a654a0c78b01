"""The steps of a migration as edits of the stack files: start, back, and retire."""

from collections.abc import Sequence
from dataclasses import dataclass

from model_serving.delivery.endpoint_edit import FileChange, endpoint_change
from model_serving.delivery.migrate.declaration import (
    started,
    swapped,
    without_predecessor,
    without_protection,
    without_successor,
)
from model_serving.delivery.migrate.names import successor_name
from model_serving.delivery.migrate.phases import Phase, phases_of_retirement, phases_of_start, phases_of_unprotecting
from model_serving.delivery.migrate.project import Project
from model_serving.delivery.migrate.settings import Setting, require_migration
from model_serving.errors import UsageError, UserError


@dataclass(frozen=True)
class Step:
    """One edit of the stack's own file, and what comes with it and after it."""

    headline: str
    change: FileChange
    phases: tuple[Phase, ...]
    successor: str
    """Names in the workspace."""
    predecessor: str
    notes: tuple[str, ...] = ()


def start(project: Project, settings: Sequence[Setting], name: str | None) -> Step:
    """Declare a successor with these settings beside the endpoint. Raises UserError."""
    _require_no_migration(project)
    named = [each for each in settings if each.path == ("name",)]
    others = [each for each in settings if each.path != ("name",)]
    if named and (name or len(named) > 1 or not isinstance(named[0].value, str)):
        raise UsageError("The successor has one name, a text: --name NEW")
    wanted = name or (named[0].value if named else None)
    if not others and wanted is None:
        raise UsageError(
            "What changes? --set FIELD=VALUE; for a rename, or for another creator, --name NEW without any --set"
        )
    require_migration(project.key, project.written.merged, others)
    _require_deployed(project)
    current = project.endpoint.name or project.key
    successor = successor_name(project.key, current, wanted, project.taken_names())
    declared = started(project.written.merged, project.key, successor, others)
    change = endpoint_change(project.file_name, project.folder, project.written, declared)
    full = project.spec.name_prefix + successor
    fields = ", ".join(each.field for each in others) or "a new name"
    headline = f"{project.key} of stack {project.file_name}: {full} becomes the successor of {project.name} ({fields})"
    phases = phases_of_start(project, change.file, full, project.name)
    return Step(headline, change, phases, full, project.name, tuple(project.notes))


def back(project: Project) -> Step:
    """Declare the predecessor as the successor again; alone, if the successor was never created. Raises UserError."""
    predecessor = _require_migration(project)
    written = project.written.merged
    if project.name not in project.deployed:
        change = endpoint_change(
            project.file_name, project.folder, project.written, without_successor(written, project.key)
        )
        headline = f"{project.key} of stack {project.file_name}: {project.name} was never created; {predecessor} stays"
        return Step(headline, change, (), project.name, predecessor)
    change = endpoint_change(project.file_name, project.folder, project.written, swapped(written, project.key))
    headline = (
        f"{project.key} of stack {project.file_name}: {predecessor} becomes the successor of {project.name}; both are"
        " live, so nothing is created"
    )
    phases = phases_of_start(project, change.file, predecessor, project.name, is_back=True)
    return Step(headline, change, phases, predecessor, project.name)


def retire(project: Project) -> Step:
    """Remove the predecessor from the stack file, or first its protection. Raises UserError."""
    predecessor = _require_migration(project)
    _require_both_live(project, predecessor)
    written, declared = project.written.merged, project.predecessor
    assert declared is not None, "A migration has a predecessor"
    if declared.protect:
        change = endpoint_change(project.file_name, project.folder, project.written, without_protection(written))
        headline = f"{project.key} of stack {project.file_name}: the protection of {predecessor} ends first"
        phases = phases_of_unprotecting(project, change.file, predecessor)
        return Step(headline, change, phases, project.name, predecessor, tuple(project.notes))
    if project.is_protected(predecessor):
        raise UserError(
            f"{predecessor} is still protected in the state. Deploy the end of its protection first:\n"
            f"  pulumi up --stack {project.stack}"
        )
    change = endpoint_change(project.file_name, project.folder, project.written, without_predecessor(written))
    headline = f"{project.key} of stack {project.file_name}: {predecessor} is retired; {project.name} stays"
    phases = phases_of_retirement(project, change.file, predecessor)
    return Step(headline, change, phases, project.name, predecessor, tuple(project.notes))


def _require_no_migration(project: Project) -> None:
    if project.predecessor:
        raise UserError(
            f"{project.key} is being migrated from {project.predecessor_name} to {project.name} already. Finish that"
            f" first: --status shows where it stands, --retire ends it, --back returns to {project.predecessor_name}"
        )
    if left := [name for name in project.deployed if name != project.name]:
        if project.name in project.deployed:
            raise UserError(
                f"{', '.join(left)} is retired in the stack files and still deployed. Deploy that first: pulumi up"
                f" --stack {project.stack}"
            )
        raise UserError(
            f"The stack files name {project.key} {project.name}, and deployed is {left[-1]}. Restore `name:"
            f" {left[-1].removeprefix(project.spec.name_prefix)}`, then run this command with --name"
        )


def _require_deployed(project: Project) -> None:
    if not project.deployed:
        raise UserError(
            f"{project.key} is not deployed in stack {project.file_name} yet, so nothing needs a migration: edit"
            f" {project.file_name}'s stack file, and deploy it. If {project.name} is live and not managed by this"
            " stack, adopt it first"
        )


def _require_migration(project: Project) -> str:
    if not project.predecessor:
        left = [name for name in project.deployed if name != project.name]
        if left and project.name in project.deployed:
            raise UserError(
                f"{', '.join(left)} is retired in the stack files and still deployed. Deploy that: pulumi up --stack"
                f" {project.stack}. To keep it, take the edit that retires it back"
            )
        raise UserError(
            f"{project.key} of stack {project.file_name} is not being migrated: it declares no predecessor. Start with"
            f" --set FIELD=VALUE"
        )
    return project.predecessor_name


def _require_both_live(project: Project, predecessor: str) -> None:
    """Raise UserError unless the successor can serve what the predecessor does, or is declared stopped."""
    if project.name not in project.deployed:
        raise UserError(
            f"{project.name} is not deployed, and {predecessor} would be deleted: first pulumi up --stack"
            f" {project.stack}; or --back, to stay with {predecessor}"
        )
    try:
        live = project.live(project.name)
    except UserError as error:
        project.notes.append(f"Whether {project.name} is ready is not known here, and `up` asks again: {error}")
        return
    ready = ((live or {}).get("state") or {}).get("ready")
    if ready != "READY" and not (live and project.endpoint.stopped):
        raise UserError(
            f"{project.name} is {ready or 'not in the workspace'}, so {predecessor} must stay. See model-serving status"
            f" {project.key} --stack {project.stack}"
        )
