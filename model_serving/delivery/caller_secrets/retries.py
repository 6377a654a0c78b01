"""Requests to a forge that are sent again where their answer was lost: what they write is the same each time."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, TypeVar

from model_serving.delivery.forges.client import ForgeError

T = TypeVar("T")

PAUSES: Final = (1.0, 2.0)
"""Seconds before the second and the third try. The client's own limits bound all of them together."""

_TAKEN: Final = "already been taken"
"""GitLab's answer 400 for a name that exists; GitHub has 409."""


def retried(send: Callable[[], T]) -> T:
    """The result of the request, sent three times at most. Raises ForgeError."""
    for pause in PAUSES:
        try:
            return send()
        except ForgeError as error:
            if not _may_be_lost(error):
                raise
        time.sleep(pause)
    return send()


def found(read: Callable[[], Any]) -> Any:
    """The answer to a read, or None where there is no such thing. Raises ForgeError."""
    try:
        return retried(read)
    except ForgeError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise


def after_conflict(create: Callable[[], None], change: Callable[[], None]) -> None:
    """Create something; change it if it exists, since an earlier try whose answer was lost may have created it."""
    try:
        create()
    except ForgeError as error:
        if error.status != HTTPStatus.CONFLICT and _TAKEN not in str(error):
            raise
        change()


def _may_be_lost(error: ForgeError) -> bool:
    """Whether the forge may not have received the request, or has not said what became of it."""
    return error.status == 0 or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
