"""What a rule is: its name, what it asks of which resources, and everything that its page in the docs says."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeAlias

Level: TypeAlias = Literal["mandatory", "advisory"]
Settings: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Resource:
    """One resource that is about to be registered, as the engine shows it: its new inputs, never its old ones.

    `provider` holds the inputs of the resource's own provider, `stack` the name of the stack, `is_preview` whether
    values may be unknown because nothing has been made yet. `written` is what the stack's own file says about the
    endpoint of that key, if it is one of this project's.
    """

    type: str
    name: str
    urn: str
    inputs: Mapping[str, Any]
    provider: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False
    stack: str = ""
    is_preview: bool = True
    stack_file_spec: Mapping[str, Any] = field(default_factory=dict)

    def replaces(self, endpoint_id: str) -> bool:
        """Whether the stack's own file allows the live endpoint of that id to be deleted and created again."""
        return bool(endpoint_id) and self.stack_file_spec.get("replace_id") == endpoint_id


@dataclass(frozen=True)
class Violation:
    """What a rule has to say about a resource. `told` is said and never refuses, whatever the rule's level.

    `ends_preview`: a preview, which goes on after other refusals, can't go on after this one. `about` is the field
    below the resource's part of a stack file, in that file's words; empty where it is all of it or one is missing.
    """

    message: str
    advisory: bool = False
    ends_preview: bool = False
    field_path: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class Registered:
    """A resource as it is once all are known, with the URNs that it depends on. Its inputs are then its outputs."""

    resource: Resource
    dependencies: tuple[str, ...] = ()


Check: TypeAlias = Callable[[Resource, Settings], Iterator[Violation]]
StackCheck: TypeAlias = Callable[[Sequence[Registered], Settings], Iterator[tuple[Resource, Violation]]]


def no_check(_resource: Resource, _settings: Settings) -> Iterator[Violation]:
    """The check of a rule that looks at all resources together only."""
    return iter(())


@dataclass(frozen=True)
class Rule:
    """One rule of the pack. `settings` are JSON schemas by key, each with a default and a description.

    `check` is called for each resource of `types` before that resource is created or updated; `check_stack`, if any,
    once for all resources at the end of a preview and of an `up`. `reads_workspace`: the rule compares with the live
    workspace, so it can't be checked on files alone.
    """

    name: str
    description: str
    level: Level
    types: tuple[str, ...]
    check: Check
    why: str
    passes: str
    fails: str
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    waivable: bool = True
    check_stack: StackCheck | None = None
    reads_workspace: bool = False

    def with_defaults(self, given: Settings | None) -> dict[str, Any]:
        """The settings in full."""
        return {key: schema["default"] for key, schema in self.settings.items()} | dict(given or {})


def stacks_setting(default: list[str], what: str) -> dict[str, Any]:
    """The schema of a setting that names stacks by pattern."""
    return {
        "type": "array",
        "items": {"type": "string"},
        "default": default,
        "description": f"{what}, as names or patterns such as prod-*",
    }


def applies_to(stack: str, settings: Settings) -> bool:
    """Whether the stack is one of those that the rule's `stacks` setting names."""
    return any(fnmatchcase(stack, pattern) for pattern in settings["stacks"])
