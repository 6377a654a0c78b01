"""Notices: facts that come with a preview or from the command, in every format."""

import json

import pytest

from model_serving.review.assess.from_preview import report
from model_serving.review.assess.report import Verdict
from model_serving.review.plan.notices import Notice, NoticeKind
from model_serving.review.plan.preview import Preview
from model_serving.review.render.json_report import as_json
from model_serving.review.render.markdown import markdown
from model_serving.review.render.terminal import text
from model_serving.spec.diagnostics import Location

UNREAD = Notice(NoticeKind.UNREAD, "Secrets of `checkout` could not be read")
JUDGED = Notice(NoticeKind.JUDGE_CHANGED, "This change alters `policies/`", Location("policies/rules/a.py", 3))


def test_notices_are_shown_in_every_format() -> None:
    found = report(Preview("prod", notices=(UNREAD,)), notices=[JUDGED, UNREAD])
    assert found.notices == (JUDGED, UNREAD)
    comment = markdown(found)
    assert comment.index("This change alters `policies/`") < comment.index("Secrets of `checkout`")
    assert "policies/rules/a.py:3" in text([found])
    (stack,) = json.loads(as_json([found]))["stacks"]
    assert [each["kind"] for each in stack["notices"]] == ["judge-changed", "unread"]


def test_what_a_reader_may_not_read_stands_last() -> None:
    """It is there in every report by that reader, and nothing to act on."""
    comment = markdown(report(Preview("prod", notices=(UNREAD,))))
    assert "## ✅ prod: no changes\n" in comment
    assert comment.index("Secrets of `checkout`") > comment.index("nothing is declared")


@pytest.mark.parametrize(("notice", "verdict"), [(UNREAD, Verdict.FINE), (JUDGED, Verdict.APPROVAL)])
def test_only_some_notices_need_approval(notice: Notice, verdict: Verdict) -> None:
    assert report(Preview("prod", notices=(notice,))).verdict is verdict
