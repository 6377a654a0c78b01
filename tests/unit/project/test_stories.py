"""The output of a story's command is compared as its README says."""

from pathlib import Path

import pytest

from demo.stories.read import Command, Edit, steps

STORY = """# A story

```console
$ first
$ second --option
one ... two
...
last
```

```diff
--- a/file
```
"""


def test_commands_and_edits_are_read_in_order(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(STORY)
    assert steps(readme) == [
        Command("first", "", 4),
        Command("second --option", "one ... two\n...\nlast\n", 5),
        Edit("--- a/file\n", 12),
    ]


@pytest.mark.parametrize(
    "output", ["one 1 two\nlast\n", "one 1 two\n\nanything\nmore\nlast\n"], ids=["no lines left out", "lines left out"]
)
def test_left_out_text_matches_any_text(output: str) -> None:
    assert Command("", "one ... two\n...\nlast\n", 1).matches(output)


@pytest.mark.parametrize("output", ["", "one two\nlast\n", "one 1 two\nlast\nmore\n", "one 1 two\nlater last\n"])
def test_any_other_output_does_not_match(output: str) -> None:
    assert not Command("", "one ... two\n...\nlast\n", 1).matches(output)


def test_output_before_the_first_command_is_refused(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("```console\noutput\n```\n")
    with pytest.raises(ValueError, match="line 2"):
        steps(readme)
