"""A stack's files, read, merged and checked as a whole, with every mistake found at once."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from model_serving.spec.diagnostics import UNCHANGED, Fault, Finding, Place, SpecError, relative
from model_serving.spec.field_path import FieldPath, dotted
from model_serving.spec.files.overlay import merge
from model_serving.spec.files.pulumi_config import EngineConfig, with_secrets, without_secrets
from model_serving.spec.files.stack_file import base_settings, stack_settings
from model_serving.spec.files.yaml_locations import Document, read
from model_serving.spec.validation.messages import explained
from model_serving.spec.validation.misspelled_keys import with_meant_keys
from model_serving.spec.validation.partial import Sound, sound_part, wrong_values
from model_serving.spec.validation.stack_rules import Names, findings, reference_findings
from model_serving.spec.vocabulary.stack import Stack

BASE: Final = "base.yaml"


def load_stack(name: str, folder: Path, config: EngineConfig | None = None) -> Stack:
    """The checked spec of stack `name`: `base.yaml` of the folder with `Pulumi.<name>.yaml` laid over it.

    `config` is `pulumi.Config("model-serving").get` where the engine runs: encrypted values are taken from it, and a
    file that says other than it is refused. Without it, encrypted values are Secrets that nobody knows.

    Raises SpecError with every fault of both files; nothing is registered before this returns.
    """
    merged = merge(_documents(name, folder, config))
    faults = [*merged.faults, *(fault for document in merged.documents for fault in document.faults)]
    wrong = wrong_values(merged.data)
    sound = sound_part(merged.data, wrong)
    stack = Stack.model_validate(sound.data)
    faults += [Fault(merged.place(each.path), dotted(each.path), *explained(each.error, each.path)) for each in wrong]
    faults += [Fault(merged.place(path), dotted(path), *told) for path, *told in _broken_rules(sound, stack)]
    if faults:
        raise SpecError(faults)
    return stack


def located(name: str, folder: Path, found: Iterable[Finding], outcome: str = UNCHANGED) -> SpecError:
    """What was found out about a stack later, outside its files, as faults at the places in them that ask for it."""
    place = places(name, folder)
    return SpecError([Fault(place(path), dotted(path), *told) for path, *told in found], outcome)


def places(name: str, folder: Path) -> Callable[[FieldPath], Place]:
    """Where each value of a stack stands: in its own file, or in `base.yaml` where that alone has it."""
    return merge(_documents(name, folder, None)).place


def _documents(name: str, folder: Path, config: EngineConfig | None) -> list[Document]:
    """Our settings in each file. Raises SpecError where one of them can't be told, so that nothing can be judged."""
    own, base = folder / f"Pulumi.{name}.yaml", folder / BASE
    if not own.exists():
        written = ", ".join(sorted(file.stem.removeprefix("Pulumi.") for file in folder.glob("Pulumi.*.yaml")))
        hint = f"Write one, or choose a stack that has: {written or 'there is none yet'}"
        raise SpecError([Fault(Place(relative(own)), "", f'stack "{name}" has no stack file', hint)])
    documents = [base_settings(read(base))] if base.exists() else []
    documents.append(stack_settings(read(own)))
    if any(not document.readable for document in documents):
        raise SpecError([fault for document in documents for fault in document.faults])
    *shared, last = map(with_meant_keys, documents)
    return [*map(without_secrets, shared), with_secrets(last, config)]


def _broken_rules(sound: Sound, stack: Stack) -> Iterator[Finding]:
    """What is wrong between fields, wherever the fields themselves are right."""
    yield from filter(sound.tells, findings(stack))
    if sound.judges_references:
        names = Names(sound.written.get("endpoints", {}), sound.written.get("service_principals", {}))
        yield from filter(sound.tells, reference_findings(stack, names))
