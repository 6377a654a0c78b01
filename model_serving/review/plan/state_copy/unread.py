"""What the reader's identity may not read, as one notice of a report."""

from collections.abc import Mapping, Sequence
from typing import Final

from model_serving.review.plan.notices import Notice, NoticeKind

_MOST: Final = 5
"""So many names of each kind are listed."""


def unread_notice(reader: str, unread: Mapping[str, Sequence[str]]) -> tuple[Notice, ...]:
    """The notice for what the reader may not read, by kind; none if it may read everything."""
    if not unread:
        return ()
    kinds = " and ".join(f"{kind} ({_names(sorted(names))})" for kind, names in sorted(unread.items()))
    text = f"The identity `{reader}` may not read {kinds}; the report shows them as of the last deployment"
    return (Notice(NoticeKind.UNREAD, text),)


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_MOST])
    return f"{shown} and {len(names) - _MOST} more" if len(names) > _MOST else shown
