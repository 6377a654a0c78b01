"""What a stack's files say about the rules: `policies` and `waivers` of base.yaml, overlaid by the stack's own file.

The vocabulary's models are not loaded for that: the pack starts with every preview.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from model_serving.policies.pack.configuration import Configured, configured, stack_file_mistakes
from model_serving.policies.pack.rule import Rule
from model_serving.spec.diagnostics import Diagnostic, Location, relative_path
from model_serving.spec.field_path import CONFIG, NAMESPACE, FieldPath, dotted
from model_serving.spec.files.listing import BASE
from model_serving.spec.files.overlay import merge
from model_serving.spec.files.yaml_locations import Document, read

POLICIES: Final = "policies"
WAIVERS: Final = "waivers"
DECLARED: Final[tuple[str, ...]] = ("endpoints", "service_principals", "deployer", "name_prefix")
"""What rules compare with, beside the resources: aliases, and the identities that endpoints run as."""

TEXTS: Final = ("deployer", "name_prefix")
"""Those of DECLARED that are single texts."""

_KEYS: Final = (POLICIES, WAIVERS, *DECLARED)

Locate = Callable[[FieldPath], Location]

OwnSettings = Mapping[str, Any]
"""The settings of the stack's own file, as the engine passes them on."""


@dataclass(frozen=True)
class StackSettings:
    """The levels, settings and waivers of one stack, and the mistakes in them."""

    policies: Mapping[str, Configured] = field(default_factory=dict)
    waivers: Any = field(default_factory=dict)
    places: Mapping[str, Location] = field(default_factory=dict)
    """Where each waiver is declared, by its key."""
    declared: Mapping[str, Any] = field(default_factory=dict)
    """`endpoints`, `service_principals`, `deployer` and `name_prefix`, not validated: the program does that."""
    mistakes: tuple[Diagnostic, ...] = ()

    @property
    def shared_waivers(self) -> frozenset[str]:
        """Keys of the waivers that base.yaml declares, for several stacks."""
        return frozenset(key for key, place in self.places.items() if Path(place.file).name == BASE)


def read_settings(
    stack: str, folder: Path | None, rules: Iterable[Rule], own: OwnSettings | None = None
) -> StackSettings:
    """The settings of a stack whose files are in that folder, if it has one.

    `own` takes the place of what its own file says.
    """
    names = (BASE, f"Pulumi.{stack}.yaml")
    base, over = (_document(folder / name) if folder else Document(name, {}) for name in names)
    if own is not None:
        over.data = {key: own[key] for key in _KEYS if key in own}
    for document in (base, over):
        start = document.locations.setdefault((), Location(document.file))
        for path in _paths(document.data, ()):
            document.locations.setdefault(path, start)
    merged = merge([base, over])
    loaded = loaded_settings(merged.data.get(POLICIES, {}), merged.data.get(WAIVERS, {}), rules, merged.location)
    unread = [each for document in merged.documents for each in document.diagnostics]
    ours = [each for each in merged.diagnostics if not each.path.startswith(DECLARED)]
    declared = {key: merged.data[key] for key in DECLARED if key in merged.data}
    return replace(loaded, declared=declared, mistakes=(*unread, *ours, *loaded.mistakes))


def loaded_settings(policies: Any, waivers: Any, rules: Iterable[Rule], location: Locate) -> StackSettings:
    """The settings of a stack whose files are merged. `location` is where they declare a value."""
    mistakes = []
    for each in stack_file_mistakes(rules, policies):
        path = (POLICIES, *each.path)
        mistakes.append(Diagnostic(location(path), dotted(path), each.message, each.hint))
    keys = waivers if isinstance(waivers, Mapping) else ()
    return StackSettings(
        policies=configured(policies) if isinstance(policies, Mapping) else {},
        waivers=waivers,
        places={key: location((WAIVERS, key)) for key in keys},
        mistakes=tuple(mistakes),
    )


def _document(file: Path) -> Document:
    """Our settings in a stack file; nothing where there is no such file. The loader reports what is wrong with it."""
    if not file.is_file():
        return Document(relative_path(file), {})
    document = read(file)
    config = document.data.get(CONFIG) if document.readable else None
    given = config if isinstance(config, dict) else {}
    ours = Document(document.file, {key: given[NAMESPACE + key] for key in _KEYS if NAMESPACE + key in given})
    ours.locations = {
        (str(path[1]).removeprefix(NAMESPACE), *path[2:]): location
        for path, location in document.locations.items()
        if path[:1] == (CONFIG,) and len(path) > 1
    }
    # Another tool's file of that name, such as a template, need not be YAML.
    is_ours = not document.readable and NAMESPACE in file.read_text(encoding="utf-8", errors="replace")
    ours.diagnostics = document.diagnostics if is_ours else []
    return ours


def _paths(value: Any, path: FieldPath) -> Iterator[FieldPath]:
    """The path of every value of nested maps."""
    for key, child in value.items() if isinstance(value, dict) else ():
        yield (*path, key)
        yield from _paths(child, (*path, key))
