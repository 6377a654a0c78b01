"""What a run of rollouts needs of Pulumi and of the time: the runner itself knows neither."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from model_serving.spec.files.rollout_step import EndpointStep
from model_serving.spec.rollout_record import Split


class DeploymentFailedError(Exception):
    """A run of `up` failed, or was refused. The message is one sentence for the user."""

    def __init__(self, message: str, recorded: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.recorded = recorded
        """The keys of the endpoints whose records it has written nevertheless: they come before the splits."""


class TakenOverError(Exception):
    """Another run has written the records since: this one has to stop, and to leave everything as it is."""


class Deployer(Protocol):
    """What deploys the splits."""

    def deploy(self, steps: Mapping[str, EndpointStep], *, going_back: bool) -> None:
        """Deploy the steps in one `up`, by the endpoints' keys. Where `going_back`, nothing else is deployed.

        Raises DeploymentFailedError, TakenOverError and InterruptedRunError.
        """

    def record(self, steps: Mapping[str, EndpointStep]) -> None:
        """Write the records only. Raises the same errors."""

    def live(self, keys: Sequence[str]) -> Mapping[str, Split]:
        """The splits that the workspace serves, once no update is in progress; those that can be read."""


class Clock(Protocol):
    """The time, and waiting."""

    def now(self) -> datetime:
        """Now, with a time zone."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
