"""The golden comments as GitHub shows them, in a browser: they fit a window, and what decides comes first."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser import Browser, chromium_program
from tests.support.github_page import github_page
from tests.support.golden_cases import CASES, CASES_OF_REVIEW, comment_on, report_on

NAMES = [case.name for case in CASES_OF_REVIEW]
WIDE, NARROW, HEIGHT = 900, 380, 800

SCROLLING = """
  [document.documentElement, ...document.querySelectorAll('body *')]
    .filter(part => getComputedStyle(part).display !== 'inline' && part.scrollWidth > part.clientWidth + 1)
    .map(part => `${part.tagName}: ${part.textContent.slice(0, 80)}`)
"""
"""What scrolls sideways. An inline part has no width of its own."""

VISIBLE = "[...document.querySelectorAll('h2, h3, p, li, blockquote, td, th, summary, sub')]"
MARKERS = ("**", "```", "~~", "[!", "](", "<br", "<sub", "<details", "&nbsp;", "<!--", "\\")
"""What is seen only if Markdown or HTML is not understood."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    opened = Browser(chromium_program(), tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_nothing_scrolls_sideways(name: str, width: int, browser: Browser) -> None:
    browser.show(github_page(comment_on(CASES / name), opened=True), width)
    assert browser.value(SCROLLING) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_markup_is_visible(name: str, browser: Browser) -> None:
    browser.show(github_page(comment_on(CASES / name), opened=True), WIDE)
    # What is in code is the author's.
    without_code = "copy.querySelectorAll('code').forEach(code => code.remove())"
    texts = browser.value(
        f"{VISIBLE}.map(part => {{ const copy = part.cloneNode(true); {without_code}; return copy.textContent }})"
    )
    assert [text for text in texts if any(marker in text for marker in MARKERS)] == []


@pytest.mark.parametrize("name", NAMES)
def test_first_screen_holds_verdict_causes_and_fix(name: str, browser: Browser) -> None:
    report = report_on(CASES / name)
    browser.show(github_page(comment_on(CASES / name)), WIDE, HEIGHT)
    first_screen = " ".join(
        browser.value(
            f"{VISIBLE}.filter(part => part.getBoundingClientRect().bottom <= {HEIGHT}).map(part => part.textContent)"
        )
    ).replace("\u200b", "")  # keeps an address from becoming a mention
    assert f"{report.stack}: " in first_screen
    for cause in report.causes:
        assert cause.message.removesuffix(":").replace("`", "") in first_screen
        assert [fix for fix in cause.fixes[:1] if fix.replace("`", "") not in first_screen] == []
    for change in report.resources[:1]:
        assert change.key in first_screen


def test_pictures_are_of_the_whole_comment(browser: Browser, tmp_path: Path) -> None:
    browser.show(github_page(comment_on(CASES / "canary-step")), WIDE)
    picture = tmp_path / "comment.png"
    picture.write_bytes(browser.picture())
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 10_000
