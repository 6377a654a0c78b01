"""Each story of examples/ runs, and prints what its README says."""

import pytest

from demo.stories.play import names, play
from tests.support.sandbox import Sandbox


@pytest.mark.parametrize("name", names())
def test_story_prints_what_its_readme_says(project: Sandbox, name: str) -> None:
    play(name, project, lambda _: None)
