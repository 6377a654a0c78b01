"""The reads of a review, with the provider's settings of the stack and the deployer that it declares."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from model_serving.databricks.client import connect
from model_serving.databricks.connection_problems import connection_problem
from model_serving.databricks.errors import CallError, WorkspaceError
from model_serving.review.plan.credentials import Scrubber, secrets_of
from model_serving.review.plan.state_copy.checkpoint import Resource
from model_serving.review.plan.state_copy.reads import Observation, observe
from model_serving.spec.field_path import CONFIG, NAMESPACE
from model_serving.spec.files.provider_settings import ProviderSettings, provider_settings
from model_serving.spec.files.yaml_locations import read

_DECRYPT_SECONDS: Final = 60


def observed_workspace(resources: Sequence[Resource], stack: str, folder: Path, own_file: Path) -> Observation:
    """What the workspace shows of the resources of a stack. Raises WorkspaceError with what to do."""
    if not resources:
        return Observation()
    settings = _settings(stack, folder, provider_settings(own_file, folder / "Pulumi.yaml"))
    try:
        return observe(resources, connect(settings), _deployer(own_file))
    except WorkspaceError as error:
        raise WorkspaceError(connection_problem(error, settings) or str(error)) from error


def _deployer(own_file: Path) -> str | None:
    """The deployer that the stack's own file declares, else `base.yaml`. Invalid files are reported by the preview."""
    for file in (own_file, own_file.with_name("base.yaml")):
        document = read(file)
        config = document.data.get(CONFIG) if document.readable else None
        deployer = config.get(f"{NAMESPACE}deployer") if isinstance(config, Mapping) else None
        if isinstance(deployer, str):
            return deployer
    return None


def _settings(stack: str, folder: Path, declared: ProviderSettings) -> dict[str, str]:
    """The settings in plaintext: Pulumi decrypts those that are encrypted, one by one."""
    return {**declared.plain, **{name: _decrypted(stack, folder, name) for name in declared.encrypted}}


def _decrypted(stack: str, folder: Path, name: str) -> str:
    command = ["pulumi", "config", "get", f"databricks:{name}", "--stack", stack, "--non-interactive"]
    try:
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_DECRYPT_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise CallError(f"databricks:{name} is not decrypted within {_DECRYPT_SECONDS} s") from error
    if ran.returncode:
        raise CallError(f"databricks:{name} can't be decrypted: {Scrubber(secrets_of())(ran.stderr).strip()}")
    return ran.stdout.rstrip("\n")
