"""Waivers: exceptions from a rule of the policy pack."""

from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator
from pydantic_core import PydanticKnownError

from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.types import PlaintextOnly, Text


def _refuse_unix_time(value: Any) -> Any:
    """Pydantic takes a number, or a text of digits, for the seconds since 1970."""
    try:
        float(value)
    except (TypeError, ValueError):
        return value
    raise PydanticKnownError("date_type")


class Waiver(Model):
    """Exempts one resource from one rule until a day. An expired waiver is a violation itself."""

    rule: Annotated[Text, Field(description="Name of the rule, for example production-stays-warm.")]
    resource: Annotated[Text, Field(description="Pulumi name of the resource: for an endpoint its key.")]
    reason: Annotated[Text, Field(description="Why, for readers of the report.")]
    owner: Annotated[Text, Field(description="Who is responsible.")]
    expires: Annotated[
        date,
        BeforeValidator(_refuse_unix_time),
        PlaintextOnly,
        Field(description="The last day on which it applies, for example 2027-03-31."),
    ]

    @field_validator("rule", "resource", "reason", "owner")
    @classmethod
    def _refuse_blank(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("is blank")
        return text
