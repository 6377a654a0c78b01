"""Secrets taken out of free text: what programs print, which no field name protects."""

import os
import re
from collections.abc import Iterable, Mapping

MASK = "[secret]"

_SHORTEST = 4
"""Shorter texts stand everywhere by chance; taking them out would only garble a message."""

_PATTERNS = re.compile(
    r"""(?x)
      \b(?:dapi|dose|dkea)[0-9a-f]{32}(?:-\d+)?\b           # Databricks tokens and OAuth secrets
    | \beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*                    # JSON web tokens
    | \bsk-[A-Za-z0-9_-]{16,}                              # API keys of model providers
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b                        # AWS access keys
    | \bgh[pousr]_[A-Za-z0-9]{30,} | \bgithub_pat_\w{40,}  # GitHub tokens
    | \bglpat-[\w-]{20,} | \bpul-[0-9a-f]{40}\b            # GitLab and Pulumi tokens
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    | (?<=://)[^/\s:@]+:[^/\s:@]+(?=@)                     # a user and password in an address
    | (?i:(?<=bearer\ ))[\w.~+/=-]{8,}
    | (?i:(?<=password=)|(?<=passwd=)|(?<=secret=)|(?<=token=)|(?<=api_key=)|(?<=apikey=)|(?<=access_key=))[^\s,;"']+
    """,
    re.DOTALL,
)
_SECRET_NAMES = re.compile(r"(?i)(token|secret|password|passphrase|access_key|api_key|credentials)$")


class Scrubber:
    """Takes given texts, and whatever looks like a credential, out of messages."""

    def __init__(self, texts: Iterable[str]) -> None:
        lines = (line.strip() for text in texts for line in (text, *text.splitlines()))
        wanted = sorted({line for line in lines if len(line) >= _SHORTEST}, key=lambda line: (-len(line), line))
        self._texts = re.compile("|".join(map(re.escape, wanted))) if wanted else None

    def __call__(self, message: str) -> str:
        message = _PATTERNS.sub(MASK, message)
        return self._texts.sub(MASK, message) if self._texts else message


def secrets_of(environment: Mapping[str, str] = os.environ) -> set[str]:
    """The credentials in an environment, by the names of their variables."""
    return {value for name, value in environment.items() if _SECRET_NAMES.search(name)}
