"""Lines of build logs as a terminal may show them: the text is a model's own."""

import pytest

from model_serving.databricks.build_logs import build_log, log_lines
from model_serving.databricks.errors import DeniedError


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one\n\n  two  \n", ("one", "  two")),
        ("\x1b[31mred\x1b[0m\x07", ("red",)),
        ("\x1b]0;title\x07shown", ("shown",)),
        ("10 %\r20 %\r\n", ("10 %", "20 %")),
        ("safe\u202egnp.exe\u200b", ("safegnp.exe",)),
        ("x" * 300, ("x" * 200,)),
        ("token=abc123, and dapi" + "0" * 32, ("token=[secret], and [secret]",)),
        ("dapi" + "0" * 16 + "\x00" + "0" * 16, ("[secret]",)),
        ("Looking in https://user:pass@pypi.example/simple", ("Looking in https://[secret]@pypi.example/simple",)),
        ("", ()),
    ],
)
def test_untrusted_lines_are_cleaned(text: str, lines: tuple[str, ...]) -> None:
    assert log_lines(text) == lines


def test_an_unreadable_log_has_no_lines() -> None:
    class Workspace:
        def find(self, path: str) -> None:
            raise DeniedError(path)

    assert build_log(Workspace(), "fraud", "one", 5) == ()
