"""How far a build is: counted from what Go prints, shown without flooding the screen."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

Say = Callable[[str], None]

SECONDS_BETWEEN_LINES = 30
SECONDS_BETWEEN_REWRITES = 0.2


class Ticker:
    """The current state as one line: rewritten in place on a terminal, else repeated twice a minute."""

    def __init__(self, say: Say, screen: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
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
            self._say(text)
        else:
            self._rewrite(text)

    def say(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        self._say(text)

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
    """What Go has done for one program, read from its output line by line."""

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

    def see_listing(self, line: str) -> bool:
        """Whether the line of `go list` was progress, not a message."""
        if line.startswith("package "):
            # Dependencies come first, so the last one is the program itself, and compiled last.
            self.main = line.removeprefix("package ")
            self.packages.add(self.main)
            return True
        return self._see_download(line)

    def see_compiling(self, line: str) -> bool:
        """The same of `go build -v`, which names each package that it compiles; cached ones it doesn't name."""
        if line in self.packages:
            self.compiled += 1
            self.linking = line == self.main
            return True
        return self._see_download(line)

    def _see_download(self, line: str) -> bool:
        downloading = line.startswith("go: downloading ")
        self.downloaded += downloading
        return downloading

    def __str__(self) -> str:
        if not self.listed:
            state = f"downloading its modules, {self.downloaded} so far"
        elif self.linking:
            state = f"compiled {self.compiled:,} packages, linking"
        else:
            state = f"compiled {self.compiled:,} of at most {len(self.packages):,} packages"
        return f"{self.name}: {state} ({self.elapsed()})"

    def summary(self) -> str:
        return f"compiled {self.compiled:,} of its {len(self.packages):,} packages, found the others in Go's cache"

    def elapsed(self) -> str:
        minutes, seconds = divmod(int(self.clock() - self._started), 60)
        return f"{minutes}:{seconds:02}"
