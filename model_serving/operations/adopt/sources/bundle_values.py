"""The values of a Databricks bundle, with its variables and references in their places.

Source: Databricks CLI, bundle/config/mutator/set_variables.go: a variable has the value that is given, or that of the
environment (BUNDLE_VAR_name), or its default in the target or in the bundle.
"""

import os
import re
from collections.abc import Mapping
from typing import Any, Final

from model_serving.operations.adopt.sources.bundle_files import Bundle
from model_serving.spec.diagnostics import Diagnostic
from model_serving.spec.field_path import FieldPath, dotted

_REFERENCE: Final = re.compile(r"\$\{([^{}]+)\}")
_SPECIAL: Final = re.compile(r"[\W_]+")
_DEPTH: Final = 10
"""How often the value of a variable may lead to another one."""


def resolved(bundle: Bundle, value: Any, path: FieldPath, problems: list[Diagnostic], depth: int) -> Any:
    """The value with its references resolved; those that can't be are problems at its place."""
    if isinstance(value, Mapping):
        return {key: resolved(bundle, each, (*path, key), problems, depth) for key, each in value.items()}
    if isinstance(value, list):
        return [resolved(bundle, each, (*path, number), problems, depth) for number, each in enumerate(value)]
    if not isinstance(value, str):
        return value
    if whole := _REFERENCE.fullmatch(value):
        return _referred(bundle, whole[1], path, problems, depth)
    return _REFERENCE.sub(lambda found: str(_referred(bundle, found[1], path, problems, depth)), value)


def _referred(bundle: Bundle, reference: str, path: FieldPath, problems: list[Diagnostic], depth: int) -> Any:
    """The value of `var.name`, `bundle.target` or another path of the bundle; or else the reference itself."""
    kind, _, rest = reference.partition(".")
    if kind == "var":
        return _variable(bundle, rest, path, problems, depth)
    if reference in {"bundle.target", "bundle.environment"}:
        return bundle.target
    if reference in _USER and bundle.user:
        return bundle.user if reference.endswith("userName") else short_name(bundle.user)
    parts = tuple(reference.split("."))
    if (
        depth < _DEPTH
        and kind in {"bundle", "resources", "workspace"}
        and (found := at(bundle.data, parts)) is not None
    ):
        return resolved(bundle, found, path, problems, depth + 1)
    message = f"${{{reference}}} is known to the Databricks CLI only"
    problems.append(problem(bundle, path, message, "Adopt the endpoint by --name instead"))
    return f"${{{reference}}}"


_USER: Final = ("workspace.current_user.userName", "workspace.current_user.short_name")


def _variable(bundle: Bundle, reference: str, path: FieldPath, problems: list[Diagnostic], depth: int) -> Any:
    """A variable's value: given, of the environment, or the default of the target or the bundle."""
    name, *inner = reference.split(".")
    declared = (bundle.data.get("variables") or {}).get(name)
    hint = f"Give it: --var {name}=VALUE"
    if not isinstance(declared, Mapping):
        problems.append(problem(bundle, path, f'there is no variable "{name}"', "Declare it in `variables`"))
    elif name in bundle.given:
        return bundle.given[name]
    elif (value := os.environ.get(f"BUNDLE_VAR_{name}")) is not None:
        return value
    elif declared.get("default") is not None and depth < _DEPTH:
        value = at(declared["default"], tuple(inner)) if inner else declared["default"]
        return resolved(bundle, value, path, problems, depth + 1)
    elif declared.get("lookup"):
        problems.append(problem(bundle, path, f'variable "{name}" is looked up in the workspace by the CLI', hint))
    else:
        problems.append(problem(bundle, path, f'variable "{name}" has no value', hint))
    return f"${{var.{reference}}}"


def problem(bundle: Bundle, path: FieldPath, message: str, hint: str) -> Diagnostic:
    """A problem at the place of a path."""
    return Diagnostic(bundle.place(path), dotted(path), message, hint)


def known(value: Any) -> Any:
    """The values without those that are not resolved."""
    if isinstance(value, Mapping):
        return {key: known(each) for key, each in value.items() if not is_open(each)}
    return [known(each) for each in value if not is_open(each)] if isinstance(value, list) else value


def is_open(value: Any) -> bool:
    """Whether a text has a reference that could not be resolved."""
    return isinstance(value, str) and bool(_REFERENCE.search(value))


def at(value: Any, path: FieldPath) -> Any:
    """The value at a path of nested maps, or None."""
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def short_name(user: str) -> str:
    """The short name of a user: the part before the @, without special characters."""
    return _SPECIAL.sub("_", user.partition("@")[0]).strip("_").lower()
