"""A raw program whose workspace does not answer, under the pack: the provider would wait for it without an end."""

import time

import pytest

from tests.support.raw_program import PREVIEW, UP, RawProgram

EXPLICIT = """
away = pulumi.ProviderResource("databricks", "away", {"host": "http://127.0.0.1:1", "token": "x"})
Endpoint("fraud", pulumi.ResourceOptions(provider=away), name="fraud")
"""
DEFAULT = 'Endpoint("fraud", name="fraud")'
REFUSAL = (
    "route-optimized-create-only: The workspace http://127.0.0.1:1 does not answer: [Errno 111] Connection refused."
)


@pytest.mark.parametrize("program", [EXPLICIT, DEFAULT], ids=["explicit", "default"])
def test_provider_of_silent_workspace_is_never_configured(raw: RawProgram, program: str) -> None:
    file = raw.sandbox.folder / "stacks" / "Pulumi.local.yaml"
    written = file.read_text(encoding="utf-8")
    file.write_text(written.replace(raw.sandbox.workspace.url, "http://127.0.0.1:1"), encoding="utf-8")
    try:
        for command in (PREVIEW, UP):
            began = time.monotonic()
            outcome = raw.run(program, *command)
            assert outcome.refused, outcome.text
            text = " ".join(outcome.text.split())
            assert REFUSAL.partition(": ")[2] in text
            assert (
                "Check the host of the provider, and that this machine can reach it, then run the command again" in text
            )
            assert time.monotonic() - began < 60
    finally:
        file.write_text(written, encoding="utf-8")
