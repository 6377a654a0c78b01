"""Options for a duration, written as in a stack file: `90s`, `10m`, `1h`."""

from typing import Any

import click
from pydantic_core import PydanticCustomError

from model_serving.spec.vocabulary.quantities import Duration


class DurationType(click.ParamType[Duration]):
    """A duration; in Python a number of seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Duration:
        """The duration of an option's text."""
        try:
            return Duration.parse(value)
        except PydanticCustomError as error:
            parts = error.context or {}
            self.fail(f'"{value}" {parts.get("message")}. {parts.get("hint")}', param, ctx)
