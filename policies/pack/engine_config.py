"""The settings, waivers and endpoints of the running stack, from the configuration that the engine passes on."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pulumi

from model_serving.policies.pack.project_folder import VARIABLE, find_project
from model_serving.policies.pack.rule import Rule
from model_serving.policies.pack.stack_settings import (
    DECLARED,
    POLICIES,
    TEXTS,
    WAIVERS,
    StackSettings,
    read_settings,
)
from model_serving.policies.pack.waivers import WaiverError, Waivers, parse
from model_serving.spec.diagnostics import Diagnostic, Location
from model_serving.spec.field_path import NAMESPACE


def settings_of_stack(stack: str, rules: Iterable[Rule]) -> StackSettings:
    """The settings in base.yaml and in the stack's own file, the latter as the engine passes it on."""
    config = pulumi.Config("model-serving")
    own: dict[str, Any] = {}
    faults: list[Diagnostic] = []
    for key in (POLICIES, WAIVERS, *DECLARED):
        try:
            value = config.get(key) if key in TEXTS else config.get_object(key)
        except pulumi.ConfigTypeError as error:
            if key not in DECLARED:  # of another project, perhaps
                faults.append(Diagnostic(Location(f"Pulumi.{stack}.yaml"), key, str(error)))
            continue
        if value is not None:
            own[key] = value
    project = find_project(os.environ.get("PULUMI_PROJECT", ""))
    if project is None and _is_of_this_project():
        hint = f"Set {VARIABLE} to the folder of Pulumi.yaml"
        faults.append(Diagnostic(Location("base.yaml"), "", "the folder of the project was not found", hint))
    settings = read_settings(stack, project.stack_files if project else None, rules, own)
    root = project.root if project else Path()
    mistakes = (replace(each, location=_in_project(each.location, root)) for each in settings.mistakes)
    places = {key: _in_project(place, root) for key, place in settings.places.items()}
    return replace(settings, mistakes=(*mistakes, *faults), places=places)


def _in_project(location: Location, root: Path) -> Location:
    """The location with its file as seen from the project's folder: the pack runs in its own."""
    file = Path(location.file)
    return replace(location, file=str(file.relative_to(root))) if file.is_relative_to(root) else location


def _is_of_this_project() -> bool:
    """Whether the stack's configuration has settings of ours, so that it may have a base.yaml."""
    return any(key.startswith(NAMESPACE) for key in pulumi.runtime.get_config_env())


def waivers_of_stack(settings: StackSettings, rules: Iterable[Rule]) -> Waivers:
    """The waivers of this run. With a mistake in one, none counts, and the rule `waivers` reports it."""
    declared = settings.waivers
    try:
        waivers, mistake = parse(declared, rules, settings.places) if declared else {}, None
    except WaiverError as error:
        waivers, mistake = {}, str(error)
    return Waivers(waivers, datetime.now(UTC).date(), mistake, settings.shared_waivers, settings.places)


def endpoints_of_stack() -> Mapping[str, Any]:
    """The endpoints in the stack's own file, by key; empty for another program."""
    try:
        return mapping(pulumi.Config("model-serving").get_object("endpoints"))
    except pulumi.ConfigTypeError:
        return {}  # another project's setting of the same name


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a map, else an empty one."""
    return value if isinstance(value, dict) else {}
