"""The text of a file with its line ends: a file of Windows stays one, and a patch of it applies."""

from pathlib import Path


def file_text(file: Path) -> str:
    """The text as it is in the file; `Path.read_text` would make each CRLF a line feed."""
    with file.open(encoding="utf-8", newline="") as opened:
        return opened.read()
