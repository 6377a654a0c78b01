"""An endpoint of a deployed stack, with a token to query it."""

from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final, Self

from requests import Session

from model_serving.errors import UserError
from model_serving.operations.caller import authorization, client_for
from model_serving.operations.outputs import Address, Client, Outputs
from model_serving.operations.requests import Answer, refusal_of, send, url_of
from model_serving.spec.validation.suggestions import suggestion

_YOU: Final = "you"
_QUOTE: Final = '"'


@dataclass(frozen=True)
class Connection:
    """An endpoint and the Authorization header to query it with; `caller` names who asks, for messages."""

    address: Address
    caller: str
    authorization: str
    outputs: Outputs = field(repr=False)
    client: Client | None = field(default=None, repr=False)
    """The service principal that asks; None for the shell's own credentials."""

    def send(self, request: dict[str, Any], entity: str | None = None, http: Session | None = None) -> Answer:
        """The answer of the endpoint, or of one served entity. Raises UserError only where nothing answers."""
        return send(url_of(self.address, entity), self.authorization, request, http)

    def renewed(self) -> Self:
        """The same with a new token: each is valid for an hour. Raises UserError."""
        return replace(self, authorization=authorization(self.outputs, self.address, self.client))

    def ask(self, request: dict[str, Any], entity: str | None = None) -> Answer:
        """The same; raises UserError for a refused request, too."""
        answer = self.send(request, entity)
        if not answer.is_good:
            raise UserError(self.refusal(answer, entity))
        return answer

    def refusal(self, answer: Answer, entity: str | None = None) -> str:
        """The message for a refused request. Raises UserError for an entity that the stack files don't declare."""
        if entity and answer.status == HTTPStatus.NOT_FOUND:
            self._require_entity(entity)
        return refusal_of(answer, self.address, self.caller, self.outputs.stack)

    def _require_entity(self, entity: str) -> None:
        """Raise UserError with the closest served entity if the stack files declare none of that name."""
        spec = self.outputs.declared.get(self.address.key)
        if spec and entity not in spec.served_entities:
            hint = suggestion(entity, spec.served_entities, "Its served entities")
            raise UserError(f'"{self.address.key}" has no served entity "{entity}". {hint}')

    def describe(self, answer: Answer) -> str:
        """Who answered whom, and how long it took."""
        kind = ", route optimized" if self.address.route_optimized else ""
        served_by = answer.served_by or "an unnamed entity"
        how = "with your own credentials" if self.caller == _YOU else f"as {self.caller.strip(_QUOTE)}"
        return f"{self.address.key}{kind}: {served_by} answered in {answer.milliseconds} ms (called {how})"


def connect(outputs: Outputs, address: Address, caller: str | None) -> Connection:
    """Get a token for an endpoint.

    Raises UserError where the endpoint's URL is not known, or no caller may be chosen.
    """
    if not address.url:
        raise UserError(
            f'The URL of route-optimized endpoint "{address.key}" was not known when stack "{outputs.stack}" was'
            f" deployed. Ask the workspace again: pulumi up --refresh --stack {outputs.stack}"
        )
    client = client_for(outputs, address, caller)
    name = f"{_QUOTE}{client.key}{_QUOTE}" if client else _YOU
    return Connection(address, name, authorization(outputs, address, client), outputs, client)
