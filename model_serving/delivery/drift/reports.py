"""The files and formats of a drift report, and its exit status."""

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model_serving.delivery.drift.issue import Places, issue
from model_serving.errors import UsageError
from model_serving.operations.drift.render import terminal
from model_serving.operations.drift.render.json_drift import json_drift
from model_serving.operations.drift.report import DriftReport
from model_serving.operations.outputs import spec_name
from model_serving.review.assess.report import Report, Stamp
from model_serving.review.render.formats import is_coloured
from model_serving.review.render.json_report import as_json
from model_serving.review.render.terminal import text as preview_text
from model_serving.spec.files.declarations import declared_in

FORMATS: Final = ("markdown", "json", "text")
_EXTENSIONS: Final = {".md": "markdown", ".json": "json", ".txt": "text"}
_STANDARD_OUTPUT: Final = Path("-")


@dataclass(frozen=True)
class Result:
    """The drift of stacks and, where they were made, the previews of their next deployments."""

    drift: DriftReport
    previews: Sequence[Report]
    folder: Path
    stamp: Stamp

    @property
    def exit_status(self) -> int:
        """2 if a person must look at something; else 1 if something could not be compared; else 0."""
        statuses = {self.drift.exit_status, *(each.verdict.exit_status for each in self.previews)}
        return next(status for status in (2, 1, 0) if status in statuses)

    def write(self, form: str | None, files: Sequence[Path]) -> None:
        """Write to each file, or else to standard output, in this format or that of the file's extension."""
        for file in files:
            if file != _STANDARD_OUTPUT:
                file.write_text(self._text(form or _EXTENSIONS[file.suffix]), encoding="utf-8")
        if not files or _STANDARD_OUTPUT in files:
            width, color = shutil.get_terminal_size((110, 0)).columns, is_coloured(sys.stdout)
            sys.stdout.write(self._text(form or "text", width=width, color=color))

    def _text(self, form: str, *, width: int = 110, color: bool = False) -> str:
        if form == "markdown":
            return issue(self.drift, self._places(), self.stamp, self.previews)
        if form == "json":
            return json.dumps(self._json, indent=2, ensure_ascii=False) + "\n"
        previews = preview_text(self.previews, width=width, colour=color) if self.previews else ""
        return "\n".join(filter(None, (previews, terminal.text(self.drift, width=width, color=color))))

    @property
    def _json(self) -> dict[str, object]:
        previews = json.loads(as_json(self.previews))["stacks"] if self.previews else None
        return {**json_drift(self.drift), "exit_status": self.exit_status, "previews": previews}

    def _places(self) -> Places:
        """The lines of the stack files, each file read once."""
        stacks = [stack for each in self.drift.workspaces for stack in each.stacks]
        files = {stack: declared_in(spec_name(stack), self.folder / "stacks") for stack in stacks}
        return lambda stack, kind, key, field: files[stack](kind, key, field)


def require_known_formats(form: str | None, files: Sequence[Path]) -> None:
    """Raise UsageError for a file whose extension names no format of a drift report."""
    unknown = [str(each) for each in files if not form and each != _STANDARD_OUTPUT and each.suffix not in _EXTENSIONS]
    if unknown:
        raise UsageError(f"Which format is {unknown[0]}? A drift report is .md, .json or .txt; or give --format")
