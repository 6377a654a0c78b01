"""Limits of Databricks Model Serving, each with its source: what validation, rules, messages and pages have them from.

Where no source is named beside a limit, it is the page "Model Serving limits and regions" of Databricks' documentation
(docs.databricks.com/aws/en/machine-learning/model-serving/model-serving-limits, as of August 2026), whose table is for
endpoints of custom models and agents.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_DOCUMENTED: Final = "documentation, Model Serving limits"


@dataclass(frozen=True)
class Limit:
    """The largest number of things of one kind that something has.

    `is_raised`: Databricks raises it for an account on request, so a setting of the rules overrides it.
    """

    value: int
    of: str
    scope: str
    source: str = _DOCUMENTED
    known: str = "August 2026"
    is_raised: bool = False

    def exceeded(self, number: int, most: int | None = None) -> str:
        """The message for a number over the limit: `16 served entities; an endpoint has at most 15`."""
        return f"{number} {self.of}; {self.scope} has at most {self.value if most is None else most}"


ENDPOINTS: Final = Limit(1000, "endpoints", "a workspace", is_raised=True)
CHANGES: Final = Limit(50, "creations and updates in 5 minutes", "a workspace")
CHANGES_MINUTES: Final = 5
"""The time in which so many changes are accepted."""

SERVED_ENTITIES: Final = Limit(
    15,
    "served entities",
    "an endpoint",
    "databricks-sdk-py issue 1496 and the Terraform provider; the REST reference still says 10",
    "July 2026",
)
ENVIRONMENT_VARS: Final = Limit(30, "environment variables", "a served entity", is_raised=True)
CONCURRENCY_OF_MODEL: Final = Limit(1024, "concurrent requests", "a served entity", is_raised=True)
CONCURRENCY_OF_WORKSPACE: Final = Limit(4096, "concurrent requests", "a workspace", is_raised=True)
REQUESTS_PER_SECOND: Final = Limit(200, "requests a second without route optimization", "a workspace")
NAME_LENGTH: Final = Limit(
    63, "characters", "the name of an endpoint or a served entity", "REST reference and the API's message", "2025"
)
DESCRIPTION_LENGTH: Final = Limit(1000, "characters", "the description of an endpoint", "REST reference", "2025")

LIMITS: Final = (
    ENDPOINTS,
    CHANGES,
    SERVED_ENTITIES,
    ENVIRONMENT_VARS,
    CONCURRENCY_OF_MODEL,
    CONCURRENCY_OF_WORKSPACE,
    REQUESTS_PER_SECOND,
    NAME_LENGTH,
    DESCRIPTION_LENGTH,
)
"""All of them, in the order of the documentation."""

REQUEST_SECONDS: Final = 297
"""A model may work on one request for so long: "Model execution duration". Agents may for longer."""

CONCURRENCY_STEP: Final = 4
"""Provisioned concurrency is a multiple of this. The form of Databricks' own page refuses others; not documented."""

CONCURRENCY_OF_SIZE: Final[Mapping[str, tuple[int, int]]] = {"Small": (4, 4), "Medium": (8, 16), "Large": (16, 64)}
"""Concurrent requests by workload size, at least and at most. Source: REST reference, `workload_size`."""

RESERVED_PREFIX: Final = "databricks-"
"""Names of Databricks' own endpoints begin with it. Source: documentation, create custom model serving endpoints."""
