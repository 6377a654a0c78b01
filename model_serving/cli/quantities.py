"""Options with a unit, written as in a stack file: `--timeout 10m` or `--errors-at-most 1%`."""

from typing import Any

import click
from pydantic_core import PydanticCustomError

from model_serving.spec.vocabulary.quantities import Quantity


class QuantityType(click.ParamType[Quantity]):
    """A number with a unit, of the first of several kinds that its unit fits."""

    name = "quantity"

    def __init__(self, *kinds: type[Quantity]) -> None:
        self.kinds = kinds

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Quantity:
        """The number. Raises click.BadParameter with the allowed forms."""
        parsed = (self._parsed(kind, value) for kind in self.kinds)
        for quantity in parsed:
            if quantity is not None:
                return quantity
        examples = " or ".join(example for kind in self.kinds for example in kind.EXAMPLES)
        raise click.BadParameter(f'"{value}" is not valid. Write it as {examples}', ctx, param)

    @staticmethod
    def _parsed(kind: type[Quantity], value: Any) -> Quantity | None:
        try:
            return kind.parse(value)
        except PydanticCustomError:
            return None
