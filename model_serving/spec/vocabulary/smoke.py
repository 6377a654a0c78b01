"""Requests that are sent to an endpoint after a deployment, to see that it answers: `model-serving smoke`."""

from typing import Any, Self

from pydantic import Field, model_validator

from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.types import EntityName, Text


class SmokeRequest(Model):
    """One request and what its answer must hold. Without `expect`, any answer with status 200 will do."""

    request: dict[str, Any] | None = Field(default=None, description="The JSON object to send.")
    file: Text | None = Field(
        default=None, description="A JSON file to send instead; its path is taken from the stack files' folder."
    )
    entity: EntityName | None = Field(default=None, description="Ask this served entity, whatever its traffic.")
    expect: dict[str, Any] | None = Field(
        default=None,
        description="What the answer must hold: of a map these members, a list as a whole. Numbers may be off by a"
        " millionth.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.request is None) == (self.file is None):
            raise ValueError("exactly one of request and file says what to send")
        return self
