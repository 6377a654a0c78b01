"""Removes secrets from free text, such as the output of programs, which no field name protects."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping

from model_serving.databricks.credential_patterns import CREDENTIAL, CREDENTIAL_NAMES, NAMED_CREDENTIAL

MASK = "[secret]"

REVIEW_KEY = "MODEL_SERVING_REVIEW_KEY"
"""The variable with the key that records of reports are signed with. Programs that the engine runs never get it."""

_SHORTEST = 4
"""Shorter texts occur everywhere by chance; removing them would only garble a message."""
_LONG = 8
"""Texts of this length don't occur by chance, and are removed everywhere."""
_LONG_WORD = 16
"""The same for texts of letters only, such as `production`: names of files, stacks and fields are made of words."""

_NO_SECRETS = frozenset({"true", "false", "null", "none"})
"""Values of any setting, which occur in any message."""
_PUBLISHED = {"PULUMI_CONFIG_PASSPHRASE": frozenset({"local"})}
"""Protects stacks on this machine only: stacks/Pulumi.local.yaml publishes it, `make env` sets it."""

_ALONE = (r"(?<!\w)(?<!\w[./-])(?<!::)", r"(?!\w|[./-]\w|::)")
"""Around a text that stands alone: not within an identifier, the name of a file, a path, a URL or a URN."""

_SECRET_NAMES = re.compile(rf"(?i){CREDENTIAL_NAMES}$")
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_KEY_ENDS = re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")


class Scrubber:
    """Removes given texts, and everything that looks like a credential, from messages."""

    def __init__(self, texts: Iterable[str]) -> None:
        texts = {text.strip() for text in texts}
        self._long = [text for text in texts if "\n" in text]
        lines = (line.strip() for text in texts for line in (text, *text.splitlines()))
        kept = {line for line in lines if len(line) >= _SHORTEST and line.lower() not in _NO_SECRETS}
        wanted = sorted(kept, key=lambda line: (-len(line), line))
        self._texts = re.compile("|".join(map(_pattern, wanted))) if wanted else None

    def __call__(self, message: str) -> str:
        message = NAMED_CREDENTIAL.sub(MASK, CREDENTIAL.sub(MASK, message))
        return self._texts.sub(MASK, message) if self._texts else message

    def unfinished(self, message: str) -> bool:
        """Whether a message may end within a secret of several lines."""
        begun = [match.end() for match in _KEY_BEGINS.finditer(message)]
        if begun and not _KEY_ENDS.search(message, begun[-1]):
            return True
        so_far = message.rstrip("\n")
        return any(so_far.endswith(beginning) for text in self._long for beginning in _beginnings(text))


def _pattern(text: str) -> str:
    """The pattern that matches a text. One that is a word, or as short as one, matches only where it stands alone."""
    if len(text) >= (_LONG_WORD if text.isalpha() else _LONG):
        return re.escape(text)
    before, after = _ALONE
    return f"{before}{re.escape(text)}{after}"


def _beginnings(text: str) -> Iterator[str]:
    """The first line, the first two, and so on, without the whole text."""
    lines = text.splitlines()
    return ("\n".join(lines[:count]) for count in range(1, len(lines)))


class LineScrubber:
    """Scrubs a text line by line: a line is kept back as long as a secret may continue in the next one."""

    def __init__(self, scrub: Scrubber) -> None:
        self._scrub = scrub
        self._pending = ""

    def feed(self, line: str) -> str:
        """What can be shown after this line: everything that was kept back, or nothing yet."""
        self._pending += line
        return "" if self._scrub.unfinished(self._pending) else self.end()

    def end(self) -> str:
        """The rest, after the last line."""
        pending, self._pending = self._pending, ""
        return self._scrub(pending)


def secrets_of(environment: Mapping[str, str] = os.environ) -> set[str]:
    """The credentials in an environment, by the names of their variables, without published ones."""
    return {
        value
        for name, value in environment.items()
        if _SECRET_NAMES.search(name) and value not in _PUBLISHED.get(name, ())
    }
