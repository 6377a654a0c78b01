"""Time is handed in: states advance by a clock, never by sleeping."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime


class Clock:
    """The machine's clock, in seconds since 1970."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Waits, while the server answers other requests."""
        await asyncio.sleep(seconds)


@dataclass
class FakeClock(Clock):
    """A clock that stands still until a test moves it."""

    seconds: float = 1_790_000_000.0

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Nobody waits for a clock that stands still: it is moved instead."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


def milliseconds(seconds: float) -> int:
    """The API's timestamps: milliseconds, but always of a whole second (seen in captures of the service)."""
    return int(seconds) * 1000


def rfc3339(seconds: float) -> str:
    """The timestamps of OAuth secrets."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
