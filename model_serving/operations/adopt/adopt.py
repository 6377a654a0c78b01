"""An adoption in a project's folder: its stack files and states, the workspace, and the entries."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from model_serving.databricks.caller import read_caller
from model_serving.databricks.client import Workspace
from model_serving.databricks.connection_problems import connection_problem
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.sdk import import_in_background
from model_serving.errors import UsageError, UserError
from model_serving.operations.adopt.entry import Adoption, Destination, Selection
from model_serving.operations.adopt.owners import owners_of
from model_serving.operations.adopt.principals import declared_keys
from model_serving.operations.adopt.read import AdoptionRead
from model_serving.operations.drift.reads import Reader
from model_serving.operations.drift.sources import Source, read_sources
from model_serving.operations.outputs import spec_name
from model_serving.spec import Stack, load_stack
from model_serving.spec.files.listing import has_file, stack_file, stacks
from model_serving.spec.files.section_keys import section_keys

Progress = Callable[[str, int, int], None]
"""What is read, and how many of how many are read."""


def read_adoption(
    stack: str,
    selection: Selection,
    *,
    follow_aliases: bool = False,
    notify: Callable[[str], None] = lambda _: None,
    progress: Progress = lambda _what, _done, _number: None,
) -> Adoption:
    """What a stack of the current folder can adopt of its workspace. Nothing is written.

    `notify` gets what is being read. Raises UserError, also where the stack files have errors.
    """
    folder, name = Path.cwd(), spec_name(stack)
    if not has_file(folder, name):
        known = ", ".join(stacks(folder)) or "none"
        hint = f"Create {stack_file(name)}. Stacks here: {known}"
        raise UsageError(f'There is no stack "{name}" in this folder. {hint}')
    spec = load_stack(name, folder / "stacks")  # before anything else is read: what it raises has places
    import_in_background()
    sources = read_sources([stack, *(each for each in stacks(folder) if each != name)], notify=notify)
    own = sources[0]
    notify(f"Reading the endpoints of {own.host or 'the workspace'}")
    try:
        workspace = own.sign_in()
        destination = _destination(workspace, own, spec, folder, follow_aliases=follow_aliases)
        reader = Reader(workspace)
        read = AdoptionRead(
            reader,
            selection,
            destination,
            owners_of(own, sources[1:]),
            without_key=_without_key(own, destination),
            taken_principals=section_keys(folder, name, "service_principals"),
            progress=progress,
        )
        return replace(read.run(), calls=reader.calls + 1)  # and that of the caller
    except WorkspaceError as error:
        raise UserError(connection_problem(error, own.settings) or str(error)) from error


def _destination(workspace: Workspace, own: Source, spec: Stack, folder: Path, *, follow_aliases: bool) -> Destination:
    """The deployer of the stack file, or whoever asks: the one whose entry the provider hides."""
    return Destination(
        own.stack,
        spec,
        deployer=spec.deployer or read_caller(workspace).name,
        principals=declared_keys(spec),
        follow_aliases=follow_aliases,
        taken=section_keys(folder, spec_name(own.stack), "endpoints"),
    )


def _without_key(own: Source, destination: Destination) -> frozenset[str]:
    """The deployer, and the service principals that the stack creates: an import compares their application ids."""
    created = {each.application_id.lower() for each in own.deployed.principals.values()}
    return frozenset(created - destination.principals.keys() | {str(destination.deployer).lower()})
