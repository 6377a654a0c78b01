"""The load that an endpoint is sized for."""

from typing import Annotated

from pydantic import Field

from model_serving.databricks.prices.capacity import Demand
from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.quantities import Latency

RequestRate = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]


class ExpectedLoad(Model):
    """What callers will send, at its peak. Their product is the number of requests that are in progress at once."""

    requests_per_second: RequestRate = Field(description="Requests a second to the endpoint as a whole.")
    time_per_request: Latency = Field(description="How long the endpoint takes for a request on average.")

    @property
    def demand(self) -> Demand:
        """The load as figures."""
        return Demand(self.requests_per_second, float(self.time_per_request))
