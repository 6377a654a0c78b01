"""Patterns of credentials: what their values look like, and what the fields and variables that hold them are called."""

import re
from typing import Final

from model_serving.databricks.secret_references import is_secret_reference

CREDENTIAL: Final = re.compile(
    r"""
      (?:dapi|dose|dkea)[0-9a-f]{32}(?:-\d+)?              # Databricks tokens and OAuth secrets
    | \beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*                    # JSON web tokens
    | \bsk-[\w-]{16,}                                      # API keys of model providers
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b                        # AWS access keys
    | \bgh[pousr]_\w{30,} | \bgithub_pat_\w{40,}           # GitHub tokens
    | \bglpat-[\w-]{20,} | \bpul-[0-9a-f]{40}\b            # GitLab and Pulumi tokens
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    | (?<=://)[^/\s:@]+:[^/\s:@]+(?=@)                     # a user and password in a URL
    """,
    re.VERBOSE | re.DOTALL,
)
"""A value that is a credential by its form, wherever it stands."""

NAMED_CREDENTIAL: Final = re.compile(
    r"""(?xi)
      (?<=bearer\ )[\w.~+/=-]{8,}
    | (?:(?<=password=)|(?<=passwd=)|(?<=secret=)|(?<=token=)|(?<=api_key=)|(?<=apikey=)|(?<=access_key=))[^\s,;"']+
    """
)
"""What follows the name of a credential in a text."""

CREDENTIAL_NAMES: Final = (
    r"(?:(?<!max)(?<!min)token|secret|password|passwd|passphrase|credentials?"
    r"|(?:api|access|private|secret|account|auth|review)_?key|connection_?string)"
)
"""How names of fields and variables that hold a credential end, in any case: `OPENAI_API_KEY`, `clientSecret`."""

_VARIABLE: Final = re.compile(rf"(?i)(?:^|_)(?:{CREDENTIAL_NAMES}|pwd|pat)(?:_|$)")


def is_credential_name(name: str) -> bool:
    """Whether an environment variable of that name usually holds a credential."""
    return bool(_VARIABLE.search(name))


def holds_credential(name: str, value: str) -> bool:
    """Whether an environment variable holds a plaintext credential, by its name or by its value."""
    if is_secret_reference(value) or not value:
        return False
    return is_credential_name(name) or bool(CREDENTIAL.search(value))
