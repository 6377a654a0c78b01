"""Signed records of reports: which digest a comment showed, when, and for which commit.

A record is a hidden line in the comment. Its signature needs a key that only the pipeline has, so whoever may edit
comments can neither write a record nor change one.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

from model_serving.errors import UserError
from model_serving.review.plan.credentials import REVIEW_KEY

_SHORTEST_KEY: Final = 32
"""Bytes; as many as the hash has (RFC 2104, section 3)."""
_LINE: Final = "<!-- model-serving-record:{} -->"
_LINE_PATTERN: Final = re.compile(rf"^{_LINE.format('(.*)')}\n?", re.MULTILINE)
_PURPOSE: Final = b"model-serving record 1\n"
"""Precedes what is signed: a signature for another purpose, or of another version of the record, is worth nothing."""
_KEPT: Final = 10
"""Records in a comment, for which render/markers.py keeps room. Who approved before the oldest one approves again."""


class RecordError(UserError):
    """A record is forged, edited or can't be made."""


@dataclass(frozen=True)
class Record:
    """What one run of the review reported."""

    repository: str
    pull_request: int
    stack: str
    head: str
    """The reviewed commit of the pull request."""
    digest: str
    """Empty for a report of something that can't be deployed."""
    time: str
    """When, in UTC: `2026-11-21T18:30:00+00:00`."""
    text: str
    """A hash of the comment's text, without records."""
    sections: Mapping[str, str]
    """A short hash of each section that the digest covers; of the last report only, to keep the comment short."""

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.time)


def review_key(environment: Mapping[str, str] = os.environ) -> bytes:
    """The key that records are signed with. Raises RecordError where it is missing or too short."""
    key = environment.get(REVIEW_KEY, "").strip().encode()
    if not key:
        raise RecordError(f"{REVIEW_KEY} is not set, so no record can be verified. {_how_to_set()}")
    if len(key) < _SHORTEST_KEY:
        raise RecordError(f"{REVIEW_KEY} has {len(key)} bytes and needs at least {_SHORTEST_KEY}. {_how_to_set()}")
    return key


def _how_to_set() -> str:
    return "Create one with `openssl rand -hex 32`; set it as a secret of the environments for review and deployment"


def text_hash(text: str) -> str:
    """The hash of a comment's text. Forges may change white space; it is left out, as are the records."""
    visible = "".join(_LINE_PATTERN.sub("", text).split())
    return hashlib.sha256(visible.encode()).hexdigest()[:32]


def with_records(text: str, records: Iterable[Record], key: bytes) -> str:
    """The text of a comment with records after its first line."""
    first, _, rest = text.partition("\n")
    return "\n".join([first, *(_signed(record, key) for record in records), rest])


def records_in(text: str, key: bytes) -> list[Record]:
    """The records in a comment, oldest first. Raises RecordError where one has no valid signature."""
    return sorted((_verified(payload, key) for payload in _LINE_PATTERN.findall(text)), key=lambda each: each.at)


def kept(records: Iterable[Record], new: Record) -> list[Record]:
    """The records of the new one's commit, and the new one. Of several in a row that say the same, the ends stay."""
    every = [*(replace(each, sections={}) for each in records if each.head == new.head), new]
    ends = [
        each
        for before, each, after in zip([None, *every], every, [*every[1:], None], strict=False)
        if before is None or after is None or {before.digest, after.digest} != {each.digest}
    ]
    return ends[-_KEPT:]


def _signed(record: Record, key: bytes) -> str:
    # Sorted and without white space: one encoding for each record.
    payload = json.dumps(asdict(record), sort_keys=True, separators=(",", ":")).encode()
    return _LINE.format(f"{_text(payload)}.{_text(_signature(payload, key))}")


def _verified(line: str, key: bytes) -> Record:
    payload, _, signature = line.partition(".")
    try:
        decoded, signed = _bytes(payload), _bytes(signature)
    except (ValueError, binascii.Error):
        decoded, signed = b"", b""
    # What is signed is read only after its signature is verified.
    if not hmac.compare_digest(signed, _signature(decoded, key)):
        raise RecordError(
            f"The comment holds a record that was not signed with this job's {REVIEW_KEY}: "
            "someone edited or forged it, or the key was changed since"
        )
    return Record(**json.loads(decoded))


def _signature(payload: bytes, key: bytes) -> bytes:
    return hmac.new(key, _PURPOSE + payload, hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, altchars=b"-_", validate=True)
