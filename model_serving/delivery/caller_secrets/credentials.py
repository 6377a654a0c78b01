"""What a deployed stack delivers to forges, from its outputs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from model_serving.errors import UserError

GITHUB: Final = "github"
GITLAB: Final = "gitlab"


@dataclass(frozen=True)
class Credentials:
    """A service principal's application id and newest OAuth secret, which is never shown."""

    stack: str
    key: str
    application_id: str
    client_secret: str = field(repr=False)
    secret_id: str
    generation: int

    @property
    def marker(self) -> str:
        """What identifies the secret where its value can't be read: free of secrets."""
        return f"generation {self.generation}, secret {self.secret_id}, stack {self.stack}"


@dataclass(frozen=True)
class Delivery:
    """Credentials and one place for them: `forge` is GITHUB or GITLAB, `place` as in the vocabulary."""

    credentials: Credentials
    forge: str
    place: Mapping[str, Any]


def deliveries(stack: str, outputs: Mapping[str, Any]) -> Iterator[Delivery]:
    """What the stack with these outputs, secrets in plaintext, delivers to forges. Raises UserError."""
    for key, principal in (outputs.get("service_principals") or {}).items():
        declared = principal.get("delivery")
        if not declared:
            continue
        if not principal.get("client_secret"):
            raise UserError(f'Service principal "{key}" of stack "{stack}" has no secret yet. Deploy the stack first')
        credentials = Credentials(
            stack,
            key,
            str(principal["application_id"]),
            str(principal["client_secret"]),
            str(declared["secret_id"]),
            int(declared["generation"]),
        )
        for forge in (GITHUB, GITLAB):
            if place := declared.get(forge):
                yield Delivery(credentials, forge, place)
