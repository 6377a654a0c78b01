"""The stack files of a project with other texts, to load before anything is written."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def edited_copy(folder: Path, texts: Mapping[str, str]) -> Iterator[Path]:
    """A temporary folder with the project's stack files, where these have other texts, by their paths in the project.

    Links to files stay links: what they lead to is not written.
    """
    with tempfile.TemporaryDirectory(prefix="model-serving-stacks-") as name:
        copy = Path(name)
        shutil.copytree(folder / "stacks", copy / "stacks", symlinks=True)
        for file, text in texts.items():
            (copy / file).unlink()
            (copy / file).write_text(text, encoding="utf-8", newline="")
        yield copy
