"""Load a stack: its files read, merged and validated, with every error reported together."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from model_serving.spec.diagnostics import UNCHANGED, Diagnostic, Location, Problem, SpecError, relative_path
from model_serving.spec.field_path import FieldPath, dotted
from model_serving.spec.files.listing import BASE
from model_serving.spec.files.overlay import merge
from model_serving.spec.files.pulumi_config import EngineConfig, with_secrets, without_secrets
from model_serving.spec.files.stack_file import base_settings, stack_settings
from model_serving.spec.files.stack_order import order_problems
from model_serving.spec.files.yaml_locations import Document, read
from model_serving.spec.validation.messages import explain
from model_serving.spec.validation.misspelled_keys import with_corrected_keys
from model_serving.spec.validation.partial import ValidPart, valid_part
from model_serving.spec.validation.stack_rules import Names, reference_problems, stack_problems
from model_serving.spec.vocabulary.stack import Stack


@dataclass(frozen=True)
class LoadedStack:
    """A valid stack, and where its files declare each value."""

    stack: Stack
    location: Callable[[FieldPath], Location]
    """The location of the value at a path: in the stack's own file, or in `base.yaml` if only it has the value."""

    def error(self, problems: Iterable[Problem], outcome: str = UNCHANGED) -> SpecError:
        """Problems that were found outside the files, with the locations of the values that they concern."""
        return SpecError([Diagnostic(self.location(path), dotted(path), *text) for path, *text in problems], outcome)


def load(name: str, folder: Path, config: EngineConfig | None = None) -> LoadedStack:
    """Stack `name`, read and validated once: `base.yaml` of the folder with `Pulumi.<name>.yaml` laid over it.

    `config` is `pulumi.Config("model-serving").get` where the engine runs: encrypted values are taken from it, and a
    file that differs from it is an error. Without it, encrypted values are Secrets that are not known.

    Raises SpecError with every diagnostic of both files.
    """
    merged = merge(_documents(name, folder, config))
    part = valid_part(merged.data)
    diagnostics = [*merged.diagnostics, *(each for document in merged.documents for each in document.diagnostics)]
    invalid = [(each.path, *explain(each.error, each.path)) for each in part.invalid]
    ordered = order_problems(name, part.stack.after, folder) if part.stack.after else ()
    diagnostics += [
        Diagnostic(merged.location(path), dotted(path), *text)
        for path, *text in (*invalid, *_broken_rules(part), *ordered)
    ]
    if diagnostics:
        raise SpecError(diagnostics)
    return LoadedStack(part.stack, merged.location)


def load_stack(name: str, folder: Path, config: EngineConfig | None = None) -> Stack:
    """The spec of stack `name`, as `load` reads it, for callers that need no locations."""
    return load(name, folder, config).stack


def _documents(name: str, folder: Path, config: EngineConfig | None) -> list[Document]:
    """The settings in each file. Raises SpecError if a file is unreadable: then nothing can be validated."""
    own, base = folder / f"Pulumi.{name}.yaml", folder / BASE
    if not own.exists():
        existing = ", ".join(sorted(file.stem.removeprefix("Pulumi.") for file in folder.glob("Pulumi.*.yaml")))
        hint = f"Create it, or choose an existing stack: {existing or 'there is none yet'}"
        raise SpecError([Diagnostic(Location(relative_path(own)), "", f'stack "{name}" has no stack file', hint)])
    documents = [base_settings(read(base))] if base.exists() else []
    documents.append(stack_settings(read(own)))
    if any(not document.readable for document in documents):
        raise SpecError([diagnostic for document in documents for diagnostic in document.diagnostics])
    *shared, last = map(with_corrected_keys, documents)
    return [*map(without_secrets, shared), with_secrets(last, config)]


def _broken_rules(part: ValidPart) -> Iterator[Problem]:
    """Problems between fields, wherever the fields themselves are valid."""
    yield from filter(part.is_reported, stack_problems(part.stack))
    if part.has_all_names:
        names = Names(part.declared.get("endpoints", {}), part.declared.get("service_principals", {}))
        yield from filter(part.is_reported, reference_problems(part.stack, names))
