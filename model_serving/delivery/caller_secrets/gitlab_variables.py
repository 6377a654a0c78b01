"""Three CI/CD variables of a GitLab project. Source: docs.gitlab.com/api/project_level_variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from model_serving.delivery.caller_secrets.credentials import Credentials
from model_serving.delivery.caller_secrets.retries import after_conflict, found, retried
from model_serving.delivery.forges.client import Client

_EVERYWHERE = "*"


@dataclass(frozen=True)
class GitLabVariables:
    """The variables of a project for one scope of environments. `client` sends requests to the project."""

    client: Client
    place: Mapping[str, Any]

    @property
    def title(self) -> str:
        """The place in messages."""
        return f"GitLab {self.place['project']}, environment scope {self.place['environment_scope']}"

    def deliver(self, credentials: Credentials) -> bool:
        """Write the credentials unless they are there, and return whether they were written. Raises ForgeError.

        The secret comes before what says that it is there: a run that is interrupted writes it again.
        """
        marker, application, secret = (self._read(name) for name in self._names)
        if self._is(marker, credentials.marker) and self._is(application, credentials.application_id):
            hidden = secret is not None and secret.get("hidden")
            if hidden or (self._is(secret, credentials.client_secret) and secret and secret.get("masked")):
                return False
        self._set(self._names[2], credentials.client_secret, secret, is_secret=True)
        self._set(self._names[1], credentials.application_id, application)
        self._set(self._names[0], credentials.marker, marker)
        return True

    @property
    def _names(self) -> tuple[str, str, str]:
        """The variables: the marker, the application id, the secret."""
        secret = str(self.place["client_secret_name"])
        return f"{secret}_ID", str(self.place["client_id_name"]), secret

    def _is(self, variable: Mapping[str, Any] | None, value: str) -> bool:
        return variable is not None and (variable["value"], variable["protected"]) == (value, self.place["protected"])

    def _read(self, name: str) -> dict[str, Any] | None:
        scope = self.place["environment_scope"]
        query = {} if scope == _EVERYWHERE else {"filter[environment_scope]": scope}
        variable = found(lambda: self.client.get(_path(name), **query))
        return variable if variable and variable.get("environment_scope", _EVERYWHERE) == scope else None

    def _set(self, name: str, value: str, before: Mapping[str, Any] | None, *, is_secret: bool = False) -> None:
        """Change a variable, or create it. Whether it is masked and hidden is decided at its creation."""
        scope = self.place["environment_scope"]
        common = {"value": value, "protected": self.place["protected"], "raw": True, "environment_scope": scope}
        create = {"key": name, **common, **({"masked": True, "masked_and_hidden": True} if is_secret else {})}
        change = {**common, **({} if scope == _EVERYWHERE else {"filter": {"environment_scope": scope}})}
        if is_secret and before and not before.get("hidden"):
            change["masked"] = True  # refused for a hidden variable, as those are that are created here

        def created() -> None:
            self.client.write("POST", _path(), create)

        def changed() -> None:
            self.client.write("PUT", _path(name), change)

        retried(changed if before else lambda: after_conflict(created, changed))


def _path(*name: str) -> str:
    return "/".join(["variables", *(quote(each, safe="") for each in name)])
