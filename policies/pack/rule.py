"""A rule: its name and level, its check, and the text of its section in docs/policies.md."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final, Literal, TypeAlias

from model_serving.contract.message_parts import MessageParts
from model_serving.contract.replacement import DeclaredPlace
from model_serving.policies.pack.declared_endpoint import PREDECESSOR, declared_in_files, key_in, predecessor_in

Level: TypeAlias = Literal["mandatory", "advisory"]
Settings: TypeAlias = Mapping[str, Any]

DEFAULT_PRODUCTION: Final = ("prod", "prod-*", "*-prod", "production", "production-*", "*-production")
"""The stacks that count as production where nothing else is configured."""


@dataclass(frozen=True)
class Resource:
    """A resource that is about to be registered, with its new inputs. The engine never shows a policy the old ones.

    `provider` holds the inputs of the resource's provider, `stack` the name of the stack. In a preview, inputs may be
    unknown. `stack_file_spec` is what the stack's own file declares for an endpoint, empty for any other resource.
    `stack_spec` is what all stack files together declare (`endpoints`, `service_principals`, `deployer`,
    `name_prefix`), not validated, and empty for programs without stack files.
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
    stack_spec: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The key of an endpoint in the stack files; the resource's name where they don't declare one."""
        return key_in(self.stack_spec, self.name)

    @property
    def is_predecessor(self) -> bool:
        """Whether it is the endpoint that the stack files declare as the predecessor of its key."""
        return predecessor_in(self.stack_spec, self.key, self.inputs.get("name"))

    @property
    def declared(self) -> Mapping[str, Any]:
        """What all stack files together declare for an endpoint, or for the predecessor that it is."""
        return declared_in_files(self.stack_spec, self.key, self.inputs.get("name"))

    @property
    def title(self) -> str:
        """`Endpoint "fraud-scorer"`, by its key; a predecessor has the name in the workspace."""
        is_one = self.is_predecessor
        return (
            f'Predecessor "{self.inputs.get("name")}" of endpoint "{self.key}"' if is_one else f'Endpoint "{self.key}"'
        )

    @property
    def address(self) -> str:
        """What commands of `model-serving` know it by: its key, or `KEY.predecessor`."""
        return f"{self.key}.{PREDECESSOR}" if self.is_predecessor else self.key

    @property
    def place(self) -> DeclaredPlace | None:
        """Where the stack files declare the endpoint; None for a program without them."""
        declared = (self.stack_spec.get("endpoints") or {}).get(self.key)
        if not isinstance(declared, Mapping):
            return None
        return DeclaredPlace(self.stack, self.key, PREDECESSOR in declared, self.is_predecessor)

    @property
    def written_name(self) -> str:
        """The endpoint's name as the stack files declare it, without their prefix; else its name in the workspace."""
        if self.place is None:
            return str(self.inputs.get("name"))
        return str(self.declared.get("name") or self.key)

    def replaces(self, endpoint_id: str) -> bool:
        """Whether the stack's own file allows the live endpoint of that id to be deleted and created again."""
        return bool(endpoint_id) and self.stack_file_spec.get("replace_id") == endpoint_id


@dataclass(frozen=True)
class Violation:
    """What a rule reports about a resource.

    `advisory`: reported, never blocks, whatever the rule's level. `ends_preview`: the preview stops here, while it
    continues after other violations. `field_path` is the field below the resource's part of a stack file, in the stack
    file's names; empty for the whole part. `fixes` are commands or edits of a line, the preferred one first; reports
    show each on a line of its own.
    """

    message: str
    advisory: bool = False
    ends_preview: bool = False
    field_path: tuple[str | int, ...] = ()
    fixes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The message with the field and the fixes, as the engine carries it."""
        return str(MessageParts(self.message, tuple(map(str, self.field_path)), self.fixes))


@dataclass(frozen=True)
class Registered:
    """A resource after all are registered, with its outputs as inputs, and the URNs that it depends on."""

    resource: Resource
    dependencies: tuple[str, ...] = ()


Check: TypeAlias = Callable[[Resource, Settings], Iterator[Violation]]
StackCheck: TypeAlias = Callable[[Sequence[Registered], Settings], Iterator[tuple[Resource, Violation]]]


def no_check(_resource: Resource, _settings: Settings) -> Iterator[Violation]:
    """The check of a rule that has a `check_stack` only."""
    return iter(())


@dataclass(frozen=True)
class Rule:
    """One rule of the pack.

    `settings` are JSON schemas by key, each with a description and a default, or with the name of what the default is
    taken from (`default_of`).
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

    def with_defaults(self, given: Settings | None, production: Sequence[str] | None = None) -> dict[str, Any]:
        """The given settings, completed by the defaults. `production` are the stacks that count as production."""
        stacks = DEFAULT_PRODUCTION if production is None else production
        defaults = {key: schema.get("default", list(stacks)) for key, schema in self.settings.items()}
        return defaults | dict(given or {})


def stacks_setting(default: list[str], description: str) -> dict[str, Any]:
    """The schema of a setting that selects stacks by name or pattern."""
    return {
        "type": "array",
        "items": {"type": "string"},
        "default": default,
        "description": f"{description}, as names or patterns such as prod-*",
    }


def production_setting(what: str = "Stacks to which the rule applies") -> dict[str, Any]:
    """The schema of a setting that selects the stacks of production, unless it is given."""
    schema = stacks_setting([], f"{what}, instead of those of production")
    return {key: value for key, value in schema.items() if key != "default"} | {"default_of": "production"}


def applies_to(stack: str, settings: Settings) -> bool:
    """Whether the rule's `stacks` setting selects the stack."""
    return any(fnmatchcase(stack, pattern) for pattern in settings["stacks"])
