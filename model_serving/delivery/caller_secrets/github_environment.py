"""A secret and two variables of a GitHub environment. Source: docs.github.com/rest/actions, secrets and variables.

GitHub shows no value of a secret, so a variable beside it says which secret was delivered last.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from model_serving.delivery.caller_secrets.credentials import Credentials
from model_serving.delivery.caller_secrets.retries import after_conflict, found, retried
from model_serving.delivery.forges.client import Client, ForgeError
from model_serving.errors import UserError


@dataclass(frozen=True)
class GitHubEnvironment:
    """An environment of a repository. `client` sends requests to the repository."""

    client: Client
    place: Mapping[str, Any]

    @property
    def title(self) -> str:
        """The place in messages."""
        return f"GitHub {self.place['repository']}, environment {self.place['environment']}"

    def deliver(self, credentials: Credentials) -> bool:
        """Write the credentials unless they are there, and return whether they were written. Raises ForgeError.

        The secret comes before what says that it is there: a run that is interrupted writes it again.
        """
        if self._has(credentials):
            return False
        key = retried(lambda: self.client.get(self._path("secrets", "public-key")))
        sealed = {"encrypted_value": seal(credentials.client_secret, str(key["key"])), "key_id": str(key["key_id"])}
        path = self._path("secrets", self.place["client_secret_name"])
        retried(lambda: self.client.write("PUT", path, sealed))
        self._set(self.place["client_id_name"], credentials.application_id)
        self._set(self._marker, credentials.marker)
        return True

    @property
    def _marker(self) -> str:
        return f"{self.place['client_secret_name']}_ID"

    def _has(self, credentials: Credentials) -> bool:
        """Whether this secret was delivered last. A secret that is newer than its marker was written by someone."""
        marker = found(lambda: self.client.get(self._path("variables", self._marker)))
        if marker is None or marker["value"] != credentials.marker:
            return False
        application = found(lambda: self.client.get(self._path("variables", self.place["client_id_name"])))
        secret = found(lambda: self.client.get(self._path("secrets", self.place["client_secret_name"])))
        if application is None or application["value"] != credentials.application_id or secret is None:
            return False
        return str(secret["updated_at"]) <= str(marker["updated_at"])

    def _set(self, name: str, value: str) -> None:
        """Change a variable, or create it."""
        body = {"name": name, "value": value}

        def write() -> None:
            try:
                self.client.write("PATCH", self._path("variables", name), body)
            except ForgeError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                after_conflict(
                    lambda: self.client.write("POST", self._path("variables"), body),
                    lambda: self.client.write("PATCH", self._path("variables", name), body),
                )

        retried(write)

    def _path(self, *parts: str) -> str:
        return "/".join(["environments", quote(str(self.place["environment"]), safe=""), *parts])


def seal(value: str, public_key: str) -> str:
    """The value encrypted for the holder of the private key, as GitHub takes it: a sealed box in base64."""
    try:
        from nacl.public import PublicKey, SealedBox  # noqa: PLC0415  an extra that only this needs
    except ImportError:
        raise UserError('PyNaCl is not installed. Run: pip install "model-serving[delivery]"') from None
    try:
        box = SealedBox(PublicKey(base64.b64decode(public_key, validate=True)))
    except (binascii.Error, ValueError, TypeError):
        raise ForgeError("GitHub's public key of the environment is not a key. Run this job again later") from None
    return base64.b64encode(box.encrypt(value.encode())).decode()
