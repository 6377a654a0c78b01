"""The name of a successor: the one that was asked for, or the next free one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count

from model_serving.databricks.limits import NAME_LENGTH
from model_serving.errors import UserError


@dataclass(frozen=True)
class TakenNames:
    """The names that are taken. All are names in the workspace, with the stack's prefix."""

    prefix: str
    declared: Mapping[str, str]
    """By name, whose it is: `endpoint "fraud"`."""
    deployed: Mapping[str, str]
    """The same of what is in the stack's state and not in its files."""
    is_live: Callable[[str], bool]
    """Asks the workspace whether it has an endpoint of that name."""

    def owner(self, name: str) -> str:
        """Who has that name, as written in the stack file; empty if it is free."""
        full = self.prefix + name
        if whose := self.declared.get(full) or self.deployed.get(full):
            return whose
        return "an endpoint in the workspace that this stack does not manage" if self.is_live(full) else ""


def successor_name(key: str, current: str, wanted: str | None, taken: TakenNames) -> str:
    """The name to declare, without the prefix. Raises UserError where the wanted one is taken, or none is short enough.

    Without a wanted one it is the current name with -2, -3 and so on; of `fraud-2` with key `fraud` it is `fraud-3`.
    """
    if wanted is not None:
        if owner := taken.owner(wanted):
            free = successor_name(key, current, None, taken)
            raise UserError(f'The name "{taken.prefix}{wanted}" is taken by {owner}. Free is: --name {free}')
        return wanted
    match = re.fullmatch(r"(.+)-([1-9]\d?)", current)
    is_numbered = match is not None and (match[1] == key or taken.prefix + match[1] in taken.deployed)
    stem, first = (match[1], int(match[2]) + 1) if match and is_numbered else (current, 2)
    name = next(name for number in count(first) if not taken.owner(name := f"{stem}-{number}"))
    if len(taken.prefix + name) > NAME_LENGTH.value:
        raise UserError(
            f'"{taken.prefix}{name}" has {len(taken.prefix + name)} characters; the name of an endpoint has at most'
            f" {NAME_LENGTH.value}. Choose another: --name NAME"
        )
    return name
