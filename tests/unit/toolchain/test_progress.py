"""Progress lines of a build."""

from __future__ import annotations

import io

from toolchain.progress import Tally, Ticker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_log_repeats_line_every_half_minute() -> None:
    said: list[str] = []
    clock = Clock()
    ticker = Ticker(said.append, clock=clock)
    for second in range(70):
        clock.now = second
        ticker.show(f"second {second}")
    assert said == ["second 30", "second 60"]


def test_terminal_line_is_rewritten() -> None:
    screen, said, clock = io.StringIO(), list[str](), Clock()
    ticker = Ticker(said.append, screen, clock)
    clock.now = 1
    ticker.show("compiling")
    ticker.report("built")
    assert (screen.getvalue(), said) == ("\r\x1b[Kcompiling\r\x1b[K", ["built"])


def test_build_progress_states() -> None:
    clock = Clock()
    tally = Tally("pulumi", clock)
    assert tally.parse_listing("go: downloading example.org/a v1.0.0")
    assert str(tally) == "pulumi: downloading modules, 1 so far (0:00)"
    assert tally.parse_listing("package a/b")
    assert tally.parse_listing("package a/b/main")
    tally.listed = True
    clock.now = 75
    assert tally.parse_compiling("a/b")
    assert str(tally) == "pulumi: compiled 1 of at most 2 packages (1:15)"
    assert tally.parse_compiling("a/b/main")
    assert str(tally) == "pulumi: compiled 2 packages, linking (1:15)"


def test_message_is_not_progress() -> None:
    tally = Tally("pulumi", packages={"a/b"})
    assert not tally.parse_listing("go: example.org/a: no such host")
    assert not tally.parse_compiling("a/b/main.go:7: undefined: x")
