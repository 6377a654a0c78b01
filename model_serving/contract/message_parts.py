"""What a message of a hook or a policy carries beside its sentence: the field that it is about, and the fixes.

An engine carries such a message as plain text. Each part is a line of its own, so that it reads well in a terminal and
a report can set it apart. Whoever writes or reads the form does it here: nobody else knows it.
"""

from dataclasses import dataclass
from typing import Final

FIX: Final = "fix: "
_FIELD: Final = "field: "


@dataclass(frozen=True)
class MessageParts:
    """A message, the field below the resource's own part of a stack file, and the fixes, the preferred one first.

    A fix is a command, or the edit of a line.
    """

    message: str
    field: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()

    def __str__(self) -> str:
        field = f"{_FIELD}{'.'.join(self.field)}" if self.field else ""
        return "\n".join([self.message, *([field] if field else []), *(f"{FIX}{fix}" for fix in self.fixes)])


def message_parts(text: str) -> MessageParts:
    """The parts of a message that was written with MessageParts."""
    fields: list[str] = []
    fixes: list[str] = []
    kept: list[str] = []
    for line in text.splitlines():
        if line.startswith(FIX):
            fixes.append(line.removeprefix(FIX))
        elif line.startswith(_FIELD):
            fields += line.removeprefix(_FIELD).split(".")
        else:
            kept.append(line)
    return MessageParts("\n".join(kept).strip(), tuple(fields), tuple(fixes))
