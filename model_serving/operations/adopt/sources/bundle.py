"""Serving endpoints of a Databricks bundle: `databricks.yml`, what it includes, a target, and its variables.

Sources: product documentation, bundle configuration; Databricks CLI, libs/dyn/merge (maps merge, sequences are
concatenated), bundle/config/mutator/set_variables.go (the order in which a variable gets its value) and
apply_presets.go (the prefix of names).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model_serving.errors import UserError
from model_serving.operations.adopt.sources.bundle_files import Bundle, bundle_of
from model_serving.operations.adopt.sources.bundle_values import at, is_open, known, problem, resolved, short_name
from model_serving.operations.adopt.sources.source import ManagedEndpoint, ManagedEndpoints
from model_serving.spec.diagnostics import Diagnostic

_ENDPOINTS: Final = ("resources", "model_serving_endpoints")
_SPECIAL: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class BundleEndpoints(ManagedEndpoints):
    """The endpoints of a bundle."""

    target: str = ""


def read_bundle(
    file: Path, target: str | None = None, variables: Sequence[str] = (), user: str | None = None
) -> BundleEndpoints:
    """The endpoints of a bundle's target. `variables` are `NAME=VALUE`; `user` is who deploys it, for its prefix.

    Raises UserError with the place of every name that can't be resolved.
    """
    given = dict(_assignment(each) for each in variables)
    bundle = bundle_of(file, target, given, user)
    problems: list[Diagnostic] = []
    found: list[ManagedEndpoint] = []
    prefix = _prefix(bundle, problems)
    for key, declared in (at(bundle.data, _ENDPOINTS) or {}).items():
        path = (*_ENDPOINTS, key)
        if not isinstance(declared, Mapping):
            problems.append(problem(bundle, path, "must be a map", "See the documentation of bundles"))
            continue
        # Only the name decides: a value that is not known elsewhere is no difference that could be reported.
        name = resolved(bundle, declared.get("name"), (*path, "name"), problems, 0)
        values = resolved(bundle, declared, path, [], 0)
        if isinstance(name, str) and name and not is_open(name):
            found.append(ManagedEndpoint(f"{prefix}{name}", str(key), str(bundle.place(path)), known(values)))
        elif not problems:
            problems.append(problem(bundle, (*path, "name"), "has no name", "Set `name`"))
    if problems:
        raise _refused(file, problems)
    if not found:
        raise UserError(f"{file} has no model_serving_endpoints in target {bundle.target or 'none'}")
    return BundleEndpoints(tuple(found), str(file), bundle.target)


def release_bundle(source: BundleEndpoints, adopted: frozenset[str]) -> str:
    """How to let the bundle go of the adopted endpoints, without deleting them.

    Source: Databricks CLI, cmd/bundle/deployment/unbind.go and acceptance/bundle/deployment/bind.
    """
    keys = [each.address for each in source.endpoints if each.name in adopted]
    if not keys:
        return ""
    target = f" -t {source.target}" if source.target else ""
    return "\n".join(
        [
            "To let the bundle go of them without deleting them, in its folder:",
            "",
            *(f"databricks bundle deployment unbind {key}{target}" for key in keys),
            "",
            "Then remove them from resources.model_serving_endpoints: `databricks bundle deploy` would create copies.",
            f"Before it, `databricks bundle plan{target}` must delete neither the endpoints nor their permissions.",
        ]
    )


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UserError(f'"{text}" is no variable: write --var NAME=VALUE')
    return name, value


def _prefix(bundle: Bundle, problems: list[Diagnostic]) -> str:
    """The prefix of names: `presets.name_prefix`, or that of a target with `mode: development`."""
    declared = at(bundle.data, ("presets", "name_prefix"))
    if declared is not None:
        text = str(resolved(bundle, declared, ("presets", "name_prefix"), problems, 0))
    elif bundle.data.get("mode") == "development":
        if bundle.user is None:
            message = "names begin with the short name of the user who deploys it, which is not known"
            problems.append(problem(bundle, ("mode",), message, "Adopt the endpoints by --name instead"))
            return ""
        text = f"[dev {short_name(bundle.user)}] "
    else:
        return ""
    inner = text.replace("[", "").strip(" ")
    return _SPECIAL.sub("_", inner).strip("_").lower() + ("_" if inner.endswith("]") else "")


def _refused(file: Path, problems: list[Diagnostic]) -> UserError:
    lines = [f"  {each}" for each in sorted({*problems})]
    return UserError("\n".join([f"{file} can't be read without the Databricks CLI; nothing was changed", *lines]))
