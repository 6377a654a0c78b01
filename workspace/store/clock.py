"""The workspace's clock, which tests can move. States depend on the clock; no code sleeps to change one."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime


class Clock:
    """The machine's clock, in seconds since 1970."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Waits without blocking other requests."""
        await asyncio.sleep(seconds)


@dataclass
class FakeClock(Clock):
    """A clock that only tests move."""

    seconds: float = 1_790_000_000.0

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Moves the clock instead of waiting."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


def milliseconds(seconds: float) -> int:
    """The API's timestamps: in milliseconds, of whole seconds. Source: captures of the service."""
    return int(seconds) * 1000


def rfc3339(seconds: float) -> str:
    """The timestamps of OAuth secrets."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
