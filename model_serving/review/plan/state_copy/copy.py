"""Makes a copy of a stack's state in a temporary file backend, refreshed: previews of it change nothing.

`pulumi stack export` needs neither a passphrase nor a lock. The copy's folder can be read by nobody else. It is
deleted at the end, also when the command is interrupted.
"""

import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.sdk import import_in_background
from model_serving.errors import InterruptedRunError
from model_serving.review.plan.engine_process import EngineRun
from model_serving.review.plan.events import from_events
from model_serving.review.plan.pulumi_command import run_pulumi
from model_serving.review.plan.state_copy import config_file
from model_serving.review.plan.state_copy.access import refresh_event
from model_serving.review.plan.state_copy.checkpoint import (
    checkpoint,
    project_name,
    resource_type,
    resources,
    secret_inputs,
    without_secrets,
)
from model_serving.review.plan.state_copy.config_file import Encryption
from model_serving.review.plan.state_copy.interrupts import signals_as_errors
from model_serving.review.plan.state_copy.reads import Observation
from model_serving.review.plan.state_copy.refresh import Refresh, refresh
from model_serving.review.plan.state_copy.source import INTERRUPTED, NoSourceError, Source
from model_serving.review.plan.state_copy.unread import unread_notice
from model_serving.review.plan.state_copy.workspace_reads import observed_workspace
from model_serving.review.plan.state_secrets import state_secrets
from model_serving.spec.field_path import PROJECT
from model_serving.spec.files.yaml_locations import read
from model_serving.state_backend import explained

_BACKEND: Final = "PULUMI_BACKEND_URL"
_BACKEND_SETTINGS: Final = ("PULUMI_DIY_BACKEND_", "PULUMI_SELF_MANAGED_STATE_")
"""Prefixes of variables that say how a file backend is kept. The copy needs no backups and no other layout."""


@contextmanager
def source_of(stack: str, folder: Path, *, refreshed: bool) -> Iterator[Source]:
    """Where to preview a stack. `refreshed`: compare its state with the workspace first.

    The state itself is used only where nothing is refreshed and the shell can decrypt it, or where only its backend can
    decrypt it. Raises NoSourceError and InterruptedRunError.
    """
    own_file = folder / "stacks" / f"Pulumi.{stack}.yaml"
    itself = Source(stack, folder, os.environ, ("--refresh",) if refreshed else ())
    if config_file.imports_environment(own_file) or not (refreshed or _lacks_passphrase(own_file)):
        yield itself
        return
    import_in_background()
    with (
        signals_as_errors(INTERRUPTED.format(stack)),
        tempfile.TemporaryDirectory(prefix="model-serving-state-") as name,
    ):
        copy = _Copy(stack, folder, own_file, Path(name))
        placeholders = copy.has_placeholders()
        if placeholders is None:
            yield replace(itself, state_secrets=copy.state_secrets)
        else:
            yield (copy.refreshed if refreshed else copy.unrefreshed)(placeholders=placeholders)


def _lacks_passphrase(own_file: Path) -> bool:
    return not config_file.has_passphrase() and config_file.encryption(own_file, {}) is Encryption.PASSPHRASE


class _Copy:
    """The folder of a copy."""

    def __init__(self, stack: str, folder: Path, own_file: Path, home: Path) -> None:
        self._stack, self._folder, self._own_file, self._home = stack, folder, own_file, home
        self._lacking = ""
        """What to say if the shell's passphrase is empty, and not the stack's."""
        exported = home / "export.json"
        ran = run_pulumi("stack export", stack, folder, ["--file", str(exported)])
        _require(ran, stack)
        self._export: Mapping[str, Any] = json.loads(exported.read_text(encoding="utf-8"))
        exported.unlink()

    @property
    def state_secrets(self) -> str:
        """See Source."""
        return state_secrets(self._export)

    def has_placeholders(self) -> bool | None:
        """Whether the copy's secrets must be placeholders; None if only its backend can decrypt what decides."""
        how = config_file.encryption(self._own_file, self._export)
        if how is Encryption.KEY or (how is Encryption.PASSPHRASE and config_file.has_passphrase()):
            return False
        needed = [*config_file.encrypted_settings(self._own_file), *secret_inputs(self._export)]
        if not needed:
            return True
        if how is Encryption.SERVICE:
            return None
        self._lacking = (
            f"Stack {self._stack} has encrypted values ({', '.join(needed)}), which decide what is deployed."
            f" Set {config_file.PASSPHRASE} to review it: they can't be compared without it"
        )
        if config_file.may_be_empty():
            return False
        raise NoSourceError(self._lacking)

    def unrefreshed(self, *, placeholders: bool) -> Source:
        """The copy as the last deployment left it."""
        source = self._source(placeholders=placeholders)
        self._write(Observation(), placeholders=placeholders)
        return source

    def refreshed(self, *, placeholders: bool) -> Source:
        """The copy as the workspace is now."""
        source, every = self._source(placeholders=placeholders), resources(self._export)
        try:
            observation = observed_workspace(every, self._stack, self._folder, self._own_file)
        except WorkspaceError as error:
            raise NoSourceError(str(error)) from error
        if not every:
            self._write(observation, placeholders=placeholders)
            return source
        result = self._refresh(source, observation)
        by_urn = {each["urn"]: each for each in every}
        lists = [refresh_event(by_urn[urn], after) for urn, after in observation.changed.items()]
        return replace(
            source,
            events=(*result.events, *lists),
            notices=unread_notice(observation.reader, observation.unread),
            excluded=frozenset(observation.excluded),
            access_lists=observation.changed,
            is_pending=bool((self._export.get("deployment") or {}).get("pending_operations")),
        )

    def _source(self, *, placeholders: bool) -> Source:
        """The copy, before anything is compared."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_BACKEND_SETTINGS)}
        environment = kept | {_BACKEND: self._home.as_uri(), "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true"}
        source = Source(self._stack, self._folder, environment, state_secrets=self.state_secrets, is_copy=True)
        if not placeholders:
            return source
        environment.pop(config_file.PASSPHRASE_FILE, None)
        environment[config_file.PASSPHRASE] = secrets.token_urlsafe(16)
        own_file = self._home / self._own_file.name
        own_file.write_text(config_file.without_key(self._own_file), encoding="utf-8")
        return replace(source, options=("--config-file", str(own_file)), plans_apply=False)

    def _write(self, observation: Observation, *, placeholders: bool) -> None:
        """Write the state, with the access lists as the workspace has them."""
        project = project_name(self._export) or _declared_project(self._folder)
        export = without_secrets(self._export) if placeholders else self._export
        place = self._home / ".pulumi" / "stacks" / project
        place.mkdir(parents=True, exist_ok=True)
        (self._home / ".pulumi" / "meta.yaml").write_text("version: 1\n", encoding="utf-8")
        text = checkpoint(export, project, self._stack, observation.changed)
        (place / f"{self._stack}.json").write_text(text, encoding="utf-8")

    def _refresh(self, source: Source, observation: Observation) -> Refresh:
        """The refresh, repeated once without the types of resources that the reader turns out not to be shown."""
        for is_last in (False, True):
            self._write(observation, placeholders=not source.plans_apply)
            result = refresh(source, self._home / "refresh.events", observation.excluded)
            if not result.denied or is_last:
                break
            types = {resource_type(each) for each in resources(self._export) if each["urn"] in result.denied}
            for each in resources(self._export):
                if resource_type(each) in types and each["urn"] not in observation.excluded:
                    observation.add_unread(resource_type(each).rpartition(":")[2], each)
        if self._lacking and "incorrect passphrase" in result.run.text:
            raise NoSourceError(self._lacking)
        _require(result.run, self._stack, *from_events(result.events).errors)
        return result


def _declared_project(folder: Path) -> str:
    """The project's name for a state without resources. A missing or wrong file is an error of the preview."""
    document = read(folder / "Pulumi.yaml")
    return str(document.data.get("name", PROJECT)) if document.readable else PROJECT


def _require(ran: EngineRun, stack: str, *errors: str) -> None:
    """Raise InterruptedRunError or NoSourceError unless the run succeeded."""
    if ran.interrupted_by:
        raise InterruptedRunError(ran.interrupted_by, INTERRUPTED.format(stack))
    if ran.status:
        raise NoSourceError(*(errors or (explained(ran.text, stack) or f"pulumi exited with status {ran.status}",)))
