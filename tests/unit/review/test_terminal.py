"""The report in a terminal: digest, places and fixes, and colours only where they can be seen."""

import io

import pytest

from model_serving.review.render.formats import is_coloured
from model_serving.review.render.terminal import text
from tests.support.golden_cases import CASES, report_on


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_digest_and_places_are_shown() -> None:
    report = report_on(CASES / "canary-step")
    lines = text([report], width=110).splitlines()
    assert f"  digest {report.digest}" in lines
    assert any("stacks/base.yaml:14" in line for line in lines)
    assert any("commit 9d4c1b7a2e5f" in line and "Pulumi 3.220.0" in line for line in lines)


def test_refusal_is_told_once_with_its_fix() -> None:
    shown = text([report_on(CASES / "flipped-route-optimization")], width=400)
    assert shown.count("nothing answers until the new endpoint is ready") == 1
    assert "fix: Restore `route_optimized: true`" in shown


@pytest.mark.parametrize(
    ("stream", "environment", "coloured"),
    [
        (Terminal(), {}, True),
        (io.StringIO(), {}, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
        (io.StringIO(), {"CLICOLOR_FORCE": "1"}, True),
        (Terminal(), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (Terminal(), {"CLICOLOR": "0"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
    ],
)
def test_colour_follows_terminal_and_environment(
    stream: io.StringIO, environment: dict[str, str], coloured: bool
) -> None:
    assert is_coloured(stream, environment) == coloured


@pytest.mark.parametrize("coloured", [True, False])
def test_only_coloured_text_has_escapes(coloured: bool) -> None:
    assert ("\x1b[" in text([report_on(CASES / "canary-step")], width=110, colour=coloured)) == coloured
