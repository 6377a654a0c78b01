"""The progress of a build: counted from Go's output, and reported at intervals."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

Report = Callable[[str], None]

SECONDS_BETWEEN_LINES = 30
SECONDS_BETWEEN_REWRITES = 0.2


class Ticker:
    """Reports the state in one line: rewritten in place on a terminal, else repeated twice a minute."""

    def __init__(
        self, report: Report, screen: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._report = report
        self._screen = screen
        self._clock = clock
        self._shown = clock()
        self._unfinished = False

    def show(self, text: str) -> None:
        pause = SECONDS_BETWEEN_REWRITES if self._screen else SECONDS_BETWEEN_LINES
        if self._clock() - self._shown < pause:
            return
        self._shown = self._clock()
        if self._screen is None:
            self._report(text)
        else:
            self._rewrite(text)

    def report(self, text: str) -> None:
        """Reports a permanent line."""
        self.clear()
        self._report(text)

    def clear(self) -> None:
        if self._screen and self._unfinished:
            self._screen.write("\r\x1b[K")
            self._screen.flush()
            self._unfinished = False

    def _rewrite(self, text: str) -> None:
        assert self._screen is not None, "only a terminal can be rewritten"
        width = shutil.get_terminal_size().columns - 1
        self._screen.write(f"\r\x1b[K{text[:width]}")
        self._screen.flush()
        self._unfinished = True


@dataclass
class Tally:
    """The progress of one program, parsed from Go's output."""

    name: str
    clock: Callable[[], float] = time.monotonic
    packages: set[str] = field(default_factory=set)
    downloaded: int = 0
    compiled: int = 0
    listed: bool = False
    linking: bool = False
    main: str = ""

    def __post_init__(self) -> None:
        self._started = self.clock()

    def parse_listing(self, line: str) -> bool:
        """Parses a line of `go list`. Returns whether it was progress, not a message."""
        if line.startswith("package "):
            # Dependencies come first; the last package is the program itself, which is also compiled last.
            self.main = line.removeprefix("package ")
            self.packages.add(self.main)
            return True
        return self._parse_download(line)

    def parse_compiling(self, line: str) -> bool:
        """Parses a line of `go build -v`, which prints compiled packages, but not cached ones."""
        if line in self.packages:
            self.compiled += 1
            self.linking = line == self.main
            return True
        return self._parse_download(line)

    def _parse_download(self, line: str) -> bool:
        downloading = line.startswith("go: downloading ")
        self.downloaded += downloading
        return downloading

    def __str__(self) -> str:
        if not self.listed:
            state = f"downloading modules, {self.downloaded} so far"
        elif self.linking:
            state = f"compiled {self.compiled:,} packages, linking"
        else:
            state = f"compiled {self.compiled:,} of at most {len(self.packages):,} packages"
        return f"{self.name}: {state} ({self.elapsed()})"

    def summary(self) -> str:
        return f"compiled {self.compiled:,} of {len(self.packages):,} packages, the rest were cached"

    def elapsed(self) -> str:
        minutes, seconds = divmod(int(self.clock() - self._started), 60)
        return f"{minutes}:{seconds:02}"
