"""Secrets taken out of free text: what programs print, which no field name protects."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping

from model_serving.databricks.credential_patterns import CREDENTIAL, CREDENTIAL_NAMES

MASK = "[secret]"

_SHORTEST = 4
"""Shorter texts stand everywhere by chance; taking them out would only garble a message."""
_LONG = 8
"""Texts of this length stand in nothing else by chance, and are taken out wherever they stand."""
_LONG_WORD = 16
"""The same for texts of letters only, such as `production`: names of files, stacks and fields are made of words."""

_NO_SECRETS = frozenset({"true", "false", "null", "none"})
"""Values of every setting. They hide nothing, and stand in every message."""
_PUBLISHED = {"PULUMI_CONFIG_PASSPHRASE": frozenset({"local"})}
"""What guards stacks of this machine only: stacks/Pulumi.local.yaml says it, `make env` sets it."""

_ALONE = (r"(?<!\w)(?<!\w[./-])(?<!::)", r"(?!\w|[./-]\w|::)")
"""Around a text that stands alone: not within an identifier, the name of a file, a path, an address or a URN."""

_IN_TEXT = re.compile(
    r"""(?xi)
      (?<=bearer\ )[\w.~+/=-]{8,}
    | (?:(?<=password=)|(?<=passwd=)|(?<=secret=)|(?<=token=)|(?<=api_key=)|(?<=apikey=)|(?<=access_key=))[^\s,;"']+
    """
)
"""What follows the name of a credential."""

_SECRET_NAMES = re.compile(rf"(?i){CREDENTIAL_NAMES}$")
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_KEY_ENDS = re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")


class Scrubber:
    """Takes given texts, and whatever looks like a credential, out of messages."""

    def __init__(self, texts: Iterable[str]) -> None:
        texts = {text.strip() for text in texts}
        self._long = [text for text in texts if "\n" in text]
        lines = (line.strip() for text in texts for line in (text, *text.splitlines()))
        kept = {line for line in lines if len(line) >= _SHORTEST and line.lower() not in _NO_SECRETS}
        wanted = sorted(kept, key=lambda line: (-len(line), line))
        self._texts = re.compile("|".join(map(_pattern, wanted))) if wanted else None

    def __call__(self, message: str) -> str:
        message = _IN_TEXT.sub(MASK, CREDENTIAL.sub(MASK, message))
        return self._texts.sub(MASK, message) if self._texts else message

    def unfinished(self, message: str) -> bool:
        """Whether a secret of several lines may have begun in a message, and not ended."""
        begun = [match.end() for match in _KEY_BEGINS.finditer(message)]
        if begun and not _KEY_ENDS.search(message, begun[-1]):
            return True
        so_far = message.rstrip("\n")
        return any(so_far.endswith(beginning) for text in self._long for beginning in _beginnings(text))


def _pattern(text: str) -> str:
    """What a text is taken out by. One that is a word, or as short as one, counts only where it stands alone."""
    if len(text) >= (_LONG_WORD if text.isalpha() else _LONG):
        return re.escape(text)
    before, after = _ALONE
    return f"{before}{re.escape(text)}{after}"


def _beginnings(text: str) -> Iterator[str]:
    """The first line, the first two, and so on, without the whole text."""
    lines = text.splitlines()
    return ("\n".join(lines[:count]) for count in range(1, len(lines)))


class LineScrubber:
    """The same for a text that comes line by line: a line is held back as long as a secret may go on in the next."""

    def __init__(self, scrub: Scrubber) -> None:
        self._scrub = scrub
        self._held = ""

    def feed(self, line: str) -> str:
        """What may be shown once this line has come: it, all that was held back, or nothing yet."""
        self._held += line
        return "" if self._scrub.unfinished(self._held) else self.end()

    def end(self) -> str:
        """What is left where no line follows."""
        held, self._held = self._held, ""
        return self._scrub(held)


def secrets_of(environment: Mapping[str, str] = os.environ) -> set[str]:
    """The credentials in an environment, by the names of their variables; without a published one."""
    return {
        value
        for name, value in environment.items()
        if _SECRET_NAMES.search(name) and value not in _PUBLISHED.get(name, ())
    }
