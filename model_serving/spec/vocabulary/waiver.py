"""Waivers: exceptions from a rule of the policy pack."""

from datetime import date
from typing import Annotated

from pydantic import Field, field_validator

from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.types import PlaintextOnly, Text


class Waiver(Model):
    """Exempts one resource from one rule until a day. An expired waiver is a violation itself."""

    rule: Annotated[Text, Field(description="Name of the rule, for example production-stays-warm.")]
    resource: Annotated[Text, Field(description="Pulumi name of the resource: for an endpoint its key.")]
    reason: Annotated[Text, Field(description="Why, for readers of the report.")]
    owner: Annotated[Text, Field(description="Who is responsible.")]
    expires: Annotated[
        date, PlaintextOnly, Field(description="The last day on which it applies, for example 2027-03-31.")
    ]

    @field_validator("rule", "resource", "reason", "owner")
    @classmethod
    def _refuse_blank(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("is blank")
        return text
