"""Text from outside stays text in a comment: it forms no HTML, link, image, mention or code span of its own."""

import html
import random

import pytest
from markdown_it import MarkdownIt

from model_serving.review.render.escape import code, escaped, prose

ALPHABET = [
    "`",
    "```",
    "<",
    ">",
    "&",
    "&commat;",
    "@",
    "#1",
    "*",
    "_",
    "[",
    "]",
    "(",
    ")",
    "!",
    "|",
    "\\",
    "~",
    " ",
    "a",
]
NOT_TEXT = {"html_inline", "link_open", "image", "em_open", "strong_open", "s_open"}
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("strikethrough")


def kinds(markdown: str) -> set[str]:
    return {token.type for token in MARKDOWN.parseInline(markdown)[0].children or ()}


@pytest.mark.parametrize("text", ["```<img src=x>`", "`` ` `<details>`", "a ` b", "&commat;octocat", "\\`<b>`"])
def test_no_text_becomes_markup(text: str) -> None:
    for markdown in (escaped(text), prose(text), f"{escaped(text)} is {code('<img src=x>')}"):
        assert kinds(markdown) & NOT_TEXT == set(), markdown
    assert "@" not in html.unescape(MARKDOWN.renderInline(escaped(text))).replace("@\u200b", "")


def test_generated_texts_stay_texts() -> None:
    generator = random.Random(12)  # noqa: S311  texts, no secrets
    for _ in range(5_000):
        text = "".join(generator.choices(ALPHABET, k=generator.randint(1, 12)))
        for markdown in (escaped(text), prose(text), f"{escaped(text)} {code(text)}"):
            assert kinds(markdown) & NOT_TEXT == set(), (text, markdown)


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f"])
def test_no_text_changes_the_direction_of_reading(mark: str) -> None:
    for shown in (escaped(f"a{mark}b"), prose(f"a{mark}b"), code(f"a{mark}b")):
        assert mark not in shown
        assert f"U+{ord(mark):04X}" in shown
