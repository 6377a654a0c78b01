"""The notice on a change that alters what judges it."""

from collections.abc import Iterator, Sequence
from typing import Final

from model_serving.review.plan.notices import Notice, NoticeKind

_NAMED: Final = 5


def judge_notices(files: Sequence[str]) -> Iterator[Notice]:
    """A notice that names the files; none without files."""
    if files:
        named = ", ".join(f"`{file.replace('`', '')}`" for file in files[:_NAMED])
        more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
        yield Notice(
            NoticeKind.JUDGE_CHANGED,
            f"This change alters what judges it, {named}{more}: this report is by the base branch's version, and the"
            " deployment reports again and waits for an approval if its plan differs",
        )
