"""User errors for a workspace that doesn't answer: the SDK alone would retry for five minutes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from model_serving.databricks import reachability
from model_serving.databricks.errors import UnavailableError, UnreachableError
from model_serving.databricks.timeouts import Timeouts
from model_serving.errors import UserError

TIMEOUTS: Final = Timeouts(retry=20, answer=20)
"""How long the workspace may take to answer and, if it says that it can't now, to recover."""


def require_answer(host: str) -> None:
    """Return when the workspace answers. Raises UserError with the address and what to do."""
    with unreachable_as_user_error(host):
        reachability.require_answer(host, TIMEOUTS)


@contextmanager
def unreachable_as_user_error(host: str) -> Iterator[None]:
    """Raise a UserError with what to do in place of an UnreachableError."""
    try:
        yield
    except UnavailableError as error:
        raise UserError(f"{error}. Run the command again when it is available") from None
    except UnreachableError as error:
        raise UserError(f"{error}. {reachability.unreachable_hint(host)}") from None
