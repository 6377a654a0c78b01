"""Requests that test an endpoint after a deployment: `model-serving smoke`."""

from typing import Any, Self

from pydantic import Field, model_validator

from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.types import EntityName, Text


class SmokeRequest(Model):
    """One request and its expected response. Without `expect`, any response with status 200 passes."""

    request: dict[str, Any] | None = Field(default=None, description="The JSON object to send.")
    file: Text | None = Field(
        default=None, description="A JSON file to send instead, relative to the folder of the stack files."
    )
    entity: EntityName | None = Field(default=None, description="The served entity to send to, whatever its traffic.")
    expect: dict[str, Any] | None = Field(
        default=None,
        description="What the response must have: these members of a map, or a whole list. Numbers may differ by a"
        " millionth.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.request is None) == (self.file is None):
            raise ValueError("exactly one of request and file is required")
        if self.file is not None and (self.file.startswith("/") or ".." in self.file.split("/")):
            raise ValueError("file is outside of the folder of the stack files. Copy the requests there")
        return self
