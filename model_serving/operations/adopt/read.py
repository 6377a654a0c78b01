"""Read the endpoints of a workspace and make their entries: one listing, then each endpoint and its access list."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from model_serving.databricks.access_lists import CAN_MANAGE, access_list_path, direct_entries
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH, endpoint_path
from model_serving.errors import UserError
from model_serving.operations.adopt.candidates import candidates, is_made_by
from model_serving.operations.adopt.entries import entry_of
from model_serving.operations.adopt.entry import Adoption, Destination, Entry, NotAdopted, Reason, Selection
from model_serving.operations.adopt.model_aliases import Aliases, aliases_in, aliases_path, models_of
from model_serving.operations.adopt.owners import Owners
from model_serving.operations.adopt.principals import principals_section, with_new_keys
from model_serving.operations.adopt.reasons import reason_of_kind, reason_of_state
from model_serving.operations.drift.reads import Answer, Reader, Unread
from model_serving.spec.validation.suggestions import suggestion

_SHOWN: Final = 3
_AT_A_TIME: Final = 32
"""Reads between two reports of progress."""

Progress = Callable[[str, int, int], None]
"""What is read, and how many of how many are read."""


@dataclass
class AdoptionRead:
    """The reads of one adoption, and what they lead to. Raises SignInError, UnreachableError and UserError."""

    reader: Reader
    selection: Selection
    destination: Destination
    owners: Owners
    without_key: frozenset[str] = frozenset()
    """Application ids that permissions are written with: see `with_new_keys`."""
    taken_principals: frozenset[str] = frozenset()
    """Keys under `service_principals` of the stack files."""
    progress: Progress = lambda _what, _done, _number: None
    refused: list[NotAdopted] = field(default_factory=list)

    def run(self) -> Adoption:
        """Every chosen endpoint, as an entry or with the reason why it has none."""
        listed = self._listing()
        chosen = candidates(self.selection, listed)
        names = [name for name in chosen if self._is_open(name, chosen[name])]
        answers = self._answers(names, listed)
        access = self._access(answers)
        aliases, notes = self._aliases([answers[name] for name in access])
        destination = self._destination(access, aliases)
        entries = []
        for name, each in access.items():
            found = entry_of(answers[name], each, destination)
            if isinstance(found, Entry):
                entries.append(found)
                destination = replace(destination, taken=destination.taken | {found.key})
            else:
                self.refused.append(found)
        return Adoption(
            tuple(entries),
            tuple(sorted(self.refused, key=lambda each: each.name)),
            principals_section(entries, destination),
            (*self.owners.notes, *notes, *self._rights(answers, access)),
        )

    def _listing(self) -> dict[str, Mapping[str, Any]]:
        answer = self.reader.read(ENDPOINTS_PATH)
        if not isinstance(answer, Mapping):
            raise UserError(f"The endpoints of {self.reader.workspace.host} can't be listed: {answer}")
        return {str(each["name"]): each for each in answer.get("endpoints") or []}

    def _is_open(self, name: str, summary: Mapping[str, Any]) -> bool:
        """Whether an endpoint is worth a read: no stack has it, and the listing has no reason against it."""
        refusal = self.owners.refusal(name) or (reason_of_kind(summary) if summary else None)
        self.refused += [refusal] if refusal else []
        return refusal is None

    def _answers(self, names: Sequence[str], listed: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """The answers for endpoints that can be adopted as far as they say themselves."""
        found = {}
        for name, answer in self._read("endpoints", names, endpoint_path).items():
            if answer is None:
                self.refused.append(_absent(name, listed))
            elif isinstance(answer, Unread):
                self.refused.append(NotAdopted(name, Reason.UNREADABLE, f"{answer}. Ask for CAN_MANAGE on it"))
            elif self.selection.creator and not is_made_by(answer, self.selection.creator):
                continue  # not listed, so its creator was not known
            elif refusal := reason_of_kind(answer) or reason_of_state(answer):
                self.refused.append(refusal)
            else:
                found[name] = answer
        return found

    def _access(self, answers: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
        """The access lists by name, of the endpoints whose list can be read."""
        found = {}
        lists = self._read("access lists", answers, lambda name: access_list_path(str(answers[name]["id"])))
        for name, answer in lists.items():
            if isinstance(answer, Mapping):
                found[name] = answer
            else:
                why = f"its permissions can't be read ({answer or 'the workspace has none'}). Ask for CAN_MANAGE on it"
                self.refused.append(NotAdopted(name, Reason.UNREADABLE, why))
        return found

    def _aliases(self, answers: Sequence[Mapping[str, Any]]) -> tuple[Aliases, tuple[str, ...]]:
        """The aliases of all models that are served, and a note on those that can't be read."""
        models = self._read("models", models_of(answers), aliases_path)
        unread = [name for name, answer in models.items() if not isinstance(answer, Mapping)]
        note = (f"The aliases of {_shown(unread)} can't be read: their versions are pinned",) if unread else ()
        return aliases_in([each for each in models.values() if isinstance(each, Mapping)]), note

    def _rights(self, answers: Mapping[str, Mapping[str, Any]], access: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """A note on endpoints that the deployer may not change; whoever manages one can't see a deployer's groups."""
        deployer = str(self.destination.deployer)
        without = [
            name
            for name, each in access.items()
            if answers[name].get("permission_level") not in (None, CAN_MANAGE)
            and not any(entry.is_of(deployer) and entry.level == CAN_MANAGE for entry in direct_entries(each))
        ]
        if not without:
            return []
        return [f"{deployer} needs CAN_MANAGE, to deploy changes later, on {_shown(without)}"]

    def _destination(self, access: Mapping[str, Mapping[str, Any]], aliases: Aliases) -> Destination:
        known = self.destination.principals
        keys = with_new_keys(known, access.values(), self.taken_principals, self.without_key)
        return replace(self.destination, principals=keys, aliases=aliases)

    def _read(self, what: str, names: Iterable[str], path: Callable[[str], str]) -> dict[str, Answer]:
        """The answers by name, a few at a time."""
        wanted, found = list(names), {}
        for start in range(0, len(wanted), _AT_A_TIME):
            some = wanted[start : start + _AT_A_TIME]
            answers = self.reader.read_all(map(path, some))
            found.update({name: answers[path(name)] for name in some})
            self.progress(what, len(found), len(wanted))
        return found


def _shown(names: Sequence[str]) -> str:
    """The first of the names, and how many there are besides."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _absent(name: str, listed: Mapping[str, Any]) -> NotAdopted:
    if name in listed:
        why = "it was deleted a moment ago: the listing of the workspace still has it"
    else:
        others = suggestion(name, listed, "Its endpoints") if listed else "You may view none"
        why = f"the workspace has no endpoint of that name. {others}"
    return NotAdopted(name, Reason.DELETED, why)
