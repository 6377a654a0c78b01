"""A copy of a stack's own file, which Pulumi may write its own salt into, and how its secrets are encrypted."""

import os
import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final

from model_serving.spec.files.pulumi_config import encrypted_paths
from model_serving.spec.files.yaml_locations import read

PASSPHRASE: Final = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105  a name
PASSPHRASE_FILE: Final = "PULUMI_CONFIG_PASSPHRASE_FILE"  # noqa: S105  a name

_KEYS: Final = re.compile(r"(?m)^(?:encryptionsalt|encryptedkey|secretsprovider):.*\n?")
"""What Pulumi writes beside `config:` to encrypt with, each on a line of its own."""


class Encryption(Enum):
    """How the secrets of a stack are encrypted."""

    PASSPHRASE = "passphrase"  # noqa: S105  a name
    KEY = "key"
    """A key of a cloud's key service, such as awskms."""
    SERVICE = "service"
    """The backend's own key: Pulumi Cloud."""


def encryption(stack_file: Path, export: Mapping[str, Any]) -> Encryption:
    """How the stack's secrets are encrypted: by its file, else by its state."""
    document = read(stack_file)
    settings = document.data if document.readable else {}
    if (provider := settings.get("secretsprovider")) and provider not in ("default", "passphrase"):
        return Encryption.KEY
    if provider == "passphrase" or settings.get("encryptionsalt"):
        return Encryption.PASSPHRASE
    kind = ((export.get("deployment") or {}).get("secrets_providers") or {}).get("type")
    kinds = {"service": Encryption.SERVICE, "cloud": Encryption.KEY}
    return kinds.get(str(kind), Encryption.PASSPHRASE)


def has_passphrase() -> bool:
    """Whether the shell has a passphrase, or names the file of one. A pipeline sets a secret that it lacks to ""."""
    return bool(os.environ.get(PASSPHRASE) or os.environ.get(PASSPHRASE_FILE))


def may_be_empty() -> bool:
    """Whether the shell has an empty passphrase, which may be the stack's."""
    return os.environ.get(PASSPHRASE) == "" and not os.environ.get(PASSPHRASE_FILE)


def encrypted_settings(stack_file: Path) -> list[str]:
    """The settings of the stack's file that are encrypted."""
    document = read(stack_file)
    config = document.data.get("config") if document.readable else None
    return [".".join(map(str, path)) for path in encrypted_paths(config, ())]


def imports_environment(stack_file: Path) -> bool:
    """Whether the stack's file imports an environment of Pulumi ESC, which only Pulumi Cloud can open."""
    document = read(stack_file)
    return document.readable and bool(document.data.get("environment"))


def without_key(stack_file: Path) -> str:
    """The text of the stack's file without the key that its secrets are encrypted with: Pulumi makes another one."""
    return _KEYS.sub("", stack_file.read_text(encoding="utf-8"))
