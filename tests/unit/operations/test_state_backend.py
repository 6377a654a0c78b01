"""Failures of Pulumi's state backend, of its locks and passphrases, as a sentence with what to do."""

import pytest

from model_serving.state_backend import cause, explained

SHELL = {"PULUMI_BACKEND_URL": "postgres://me:planted-secret@db.example.com/state?password=planted-secret"}
LOCKED = """error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end.
  file:///state/.pulumi/locks/organization/p/prod/1.json: created by ann@ci-7 (pid 4711) at 2026-11-20T10:00:00Z
"""
BUSY = "error: [409] Conflict: Another update is currently in progress.\nTo learn more about possible reasons"


@pytest.mark.parametrize(
    ("printed", "sentence"),
    [
        (LOCKED, "by another run, created by ann@ci-7 (pid 4711) at 2026-11-20T10:00:00Z. Wait until that run ends"),
        (LOCKED, "if it has ended already: pulumi cancel --stack prod --yes"),
        (BUSY, "is locked by another run: Another update is currently in progress."),
        (
            'error: read ".pulumi/meta.yaml": blob (key ".pulumi/meta.yaml") (code=Unknown): NoProviders: none',
            "postgres://db.example.com/state can't be read: NoProviders: none. Check PULUMI_BACKEND_URL",
        ),
    ],
    ids=["lock", "command", "Pulumi Cloud", "bucket"],
)
def test_known_failure_gets_a_sentence(printed: str, sentence: str) -> None:
    said = cause(printed, "prod", SHELL)
    assert sentence in said
    assert "planted-secret" not in said


def test_other_failure_is_shown_as_printed() -> None:
    assert cause("error: something else\n", "prod", SHELL) == ""
    assert explained("error: something else\n", "prod", SHELL) == "error: something else"
