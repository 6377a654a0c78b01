"""Prices: what the user's contract says, which no table of this project can know."""

from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from model_serving.databricks.prices.cost import PriceList
from model_serving.databricks.prices.table import REPLICA, Cloud, cloud_of
from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.served_entity import WorkloadType
from model_serving.spec.vocabulary.types import PlaintextOnly

CURRENCY: Final = r"^[A-Z]{3}$"


def _exact(value: Any) -> Decimal:
    """The number as it is written: 0.07 is not the binary fraction next to it."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("float_type", "must be a number")
    return Decimal(str(value))


Amount = Annotated[
    Decimal,
    Field(gt=0),
    BeforeValidator(_exact),
    PlaintextOnly,
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
Currency = Annotated[str, StringConstraints(pattern=CURRENCY), PlaintextOnly]
CloudName = Annotated[Literal["aws", "azure", "gcp"], PlaintextOnly]


class Prices(Model):
    """What a DBU costs you, for the figures in reviews and in `status`. Without it they are in DBU."""

    currency: Currency = Field(default="USD", description="Currency of `per_dbu`, as in USD.")
    per_dbu: Amount | None = Field(
        default=None,
        description="Price of one DBU of Serverless Real-Time Inference by your contract, for example 0.07.",
    )
    cloud: CloudName | None = Field(
        default=None, description="Cloud of the workspace, where its address does not say it: DBU differ by cloud."
    )
    dbu_per_hour: dict[WorkloadType, Amount] = Field(
        default_factory=dict,
        description="DBU an hour by workload type, instead of the project's table: on CPU for one concurrent request,"
        f" on GPU for one replica, which serves {REPLICA}.",
    )

    def for_workspace(self, host: str | None) -> PriceList:
        """The prices for a workspace at that address."""
        cloud = Cloud(self.cloud) if self.cloud else cloud_of(host or "")
        return PriceList(
            self.per_dbu, self.currency, cloud, {str(key): each for key, each in self.dbu_per_hour.items()}
        )
