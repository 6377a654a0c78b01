"""A comment as GitHub shows it: its Markdown with tables and alerts, its allowed HTML, and a similar stylesheet."""

import re
from typing import Final

from markdown_it import MarkdownIt

_ALLOWED: Final = re.compile(r"</?(?:details|summary|sub|br)\s*/?>|<!--.*?-->", re.DOTALL)
"""The HTML that our comments use. GitHub allows more; everything else is shown as text here, so that a test sees it."""

_ALERTS: Final = {"CAUTION": "#d1242f", "WARNING": "#9a6700"}

STYLE: Final = """
* { box-sizing: border-box }
body { margin: 0; padding: 16px; font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif;
  color: #1f2328; overflow-wrap: break-word }
h1, h2, h3 { margin: 24px 0 16px; line-height: 1.25; font-weight: 600 }
h2 { padding-bottom: .3em; font-size: 1.5em; border-bottom: 1px solid #d1d9e0b3 } h2:first-of-type { margin-top: 0 }
h3 { font-size: 1.25em } p, blockquote, ul, ol, table, details { margin: 0 0 16px }
ul, ol { padding-left: 2em } ul ul { margin: 0 } li + li { margin-top: .25em }
code { padding: .2em .4em; font: 85% ui-monospace, "SF Mono", "DejaVu Sans Mono", Consolas, monospace;
  white-space: break-spaces; background: #818b981f; border-radius: 6px }
pre { padding: 16px; overflow: auto; background: #f6f8fa; border-radius: 6px }
pre code { padding: 0; white-space: pre; background: none }
table { display: block; width: max-content; max-width: 100%; overflow: auto;
  border-spacing: 0; border-collapse: collapse }
th, td { padding: 6px 13px; border: 1px solid #d1d9e0 } th { font-weight: 600 }
a { color: #0969da; text-decoration: none }
blockquote { padding: 0 1em; color: #59636e; border-left: .25em solid #d1d9e0 }
.alert { padding: 8px 16px; color: inherit } .alert > :last-child { margin-bottom: 0 }
sub { font-size: 75% } summary { cursor: pointer }
"""
"""In the sizes and distances of GitHub's stylesheet for Markdown (primer/css, src/markdown)."""


def github_page(comment: str, *, opened: bool = False) -> str:
    """The page that holds a comment; `opened`, with everything unfolded."""
    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    body = _sanitized(markdown, comment)
    for name, colour in _ALERTS.items():
        mark = f'<p class="name" style="color: {colour}">{name.capitalize()}</p>'
        style = f'<blockquote class="alert" style="border-color: {colour}">{mark}'
        for end, begun in (("</p>", style), ("", f"{style}<p>")):
            body = re.sub(rf"<blockquote>\s*<p>\[!{name}\]\s*{end}", begun, body)
    if opened:
        body = body.replace("<details>", "<details open>")
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><body>{body}</body>"


def _sanitized(markdown: MarkdownIt, comment: str) -> str:
    """The HTML of a comment, with what GitHub removes shown as text."""

    def rendered(content: str) -> str:
        kept: list[str] = []
        end = 0
        for found in _ALLOWED.finditer(content):
            kept += [_text(content[end : found.start()]), "" if found[0].startswith("<!--") else found[0]]
            end = found.end()
        return "".join([*kept, _text(content[end:])])

    markdown.add_render_rule("html_block", lambda _self, tokens, n, _options, _env: rendered(tokens[n].content))
    markdown.add_render_rule("html_inline", lambda _self, tokens, n, _options, _env: rendered(tokens[n].content))
    return str(markdown.render(comment))


def _text(html: str) -> str:
    return html.replace("<", "&lt;")
