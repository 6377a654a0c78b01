"""The backend that keeps Pulumi's state: whether it answers, and its failures as one sentence with what to do."""

import os
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from model_serving.errors import UserError

ANSWER_SECONDS: Final = 10
"""How long a backend may take to answer. Pulumi itself waits without a bound."""

_URL: Final = "PULUMI_BACKEND_URL"
_PASSPHRASE: Final = "read -rs PULUMI_CONFIG_PASSPHRASE && export PULUMI_CONFIG_PASSPHRASE"  # noqa: S105  a command
_LOCAL: Final = 'For the embedded workspace of this machine: eval "$(make -s env)"'


class BackendError(UserError):
    """The backend does not answer. Nothing was read and nothing was changed."""


def require_backend(environment: Mapping[str, str] = os.environ) -> None:
    """Return when a backend that PULUMI_BACKEND_URL names by http answers. Raises BackendError.

    Other kinds, and the backend of `pulumi login`, are not asked: Pulumi's own errors are explained, see `cause`.
    """
    address = _without_credentials(environment.get(_URL, ""))
    if not address.startswith(("http://", "https://")):
        return
    try:
        urllib.request.urlopen(address, timeout=ANSWER_SECONDS).close()  # noqa: S310  see above
    except urllib.error.HTTPError as answer:
        answer.close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        if not isinstance(reason, ssl.SSLError):  # an answer; Pulumi may trust other certificates than Python
            raise BackendError(_no_answer(environment, str(reason))) from None


def explained(printed: str, stack: str, environment: Mapping[str, str] = os.environ) -> str:
    """A failure of `pulumi` as a sentence with what to do, or else what it printed."""
    return cause(printed, stack, environment) or printed.strip()


def cause(printed: str, stack: str, environment: Mapping[str, str] = os.environ) -> str:
    """The sentence for a failure of the backend, of the passphrase or of a lock; empty for any other failure."""
    for pattern, sentence in _CAUSES.items():
        if match := re.search(pattern, printed):
            known = {
                "stack": stack,
                "backend": _shown(environment),
                "reason": " ".join(match[match.lastindex or 0].split()),
            }
            return sentence.format(**known)
    return ""


def is_locked(printed: str) -> bool:
    """Whether pulumi printed that another run holds the stack's lock."""
    return bool(re.search(f"{_LOCKED}|{_IN_PROGRESS}", printed))


def lacks_stack(printed: str) -> bool:
    """Whether pulumi printed that there is no such stack."""
    return bool(re.search(_NO_STACK, printed))


def wrong_passphrase(stack: str) -> str:
    """The sentence for secrets that can't be decrypted."""
    return _WRONG_PASSPHRASE.format(stack=stack)


def _no_answer(environment: Mapping[str, str], reason: str) -> str:
    return _NO_ANSWER.format(backend=_shown(environment), reason=reason)


def _shown(environment: Mapping[str, str]) -> str:
    return _without_credentials(environment.get(_URL, "")) or "Pulumi Cloud"


def _without_credentials(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if address else ""


_NO_ANSWER: Final = (
    "The state backend {backend} does not answer: {reason}. Check PULUMI_BACKEND_URL and this machine's network"
)
_WRONG_PASSPHRASE: Final = (
    'PULUMI_CONFIG_PASSPHRASE is not the passphrase of stack "{stack}". Set the right one: ' + _PASSPHRASE
)
_NO_STACK: Final = r"no stack named"
"""Releases before 3.226 have no exit status for it."""
_LOCKED: Final = r"currently locked by[^\n]*\n\s*\S+ (created by [^\n]*)"
_IN_PROGRESS: Final = r"(Another update is currently in progress[^\n]*)"
# Texts of pulumi 3.220 to 3.260: pkg/secrets/passphrase, pkg/backend/diystate, pkg/backend/httpstate.
_CAUSES: Final = {
    r"incorrect passphrase": _WRONG_PASSPHRASE,
    r"passphrase must be set": (
        'Stack "{stack}" has secrets, and PULUMI_CONFIG_PASSPHRASE is not set. Set it: ' + _PASSPHRASE + f". {_LOCAL}"
    ),
    _LOCKED: (
        'Stack "{stack}" is locked by another run, {reason}. Wait until that run ends; if it has ended already:'
        " pulumi cancel --stack {stack} --yes"
    ),
    _IN_PROGRESS: (
        'Stack "{stack}" is locked by another run: {reason}. Wait until that run ends; if it has ended already:'
        " pulumi cancel --stack {stack} --yes"
    ),
    _NO_STACK: ('There is no stack "{stack}" in the state backend ({backend}). Create it: pulumi stack init {stack}'),
    r"PULUMI_ACCESS_TOKEN must be set": (
        "This shell is not signed in to a state backend ({backend}). Set PULUMI_BACKEND_URL to that of the team's state"
        f" (file://, s3://, gs:// or azblob://), or PULUMI_ACCESS_TOKEN for Pulumi Cloud. {_LOCAL}"
    ),
    # "bucket" is the word of 3.220, "state directory" that of 3.260.
    r"unable to open (?:bucket|state directory) \S+: ([^\n]*)": (
        "The state backend {backend} can't be opened: {reason}. Correct PULUMI_BACKEND_URL, or create the folder"
    ),
    r"performing HTTP request: \w+ \S+: ([^\n]*)": _NO_ANSWER,
    r"\(key \"\.pulumi/[^)]*\) \(code=\w+\): ([^\n]*)": (
        "The state backend {backend} can't be read: {reason}. Check PULUMI_BACKEND_URL and that cloud's credentials"
    ),
}
