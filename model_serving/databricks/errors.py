"""Errors of reads and writes of a workspace. Each text is for the user."""


def root_cause(error: BaseException) -> BaseException:
    """The first of a chain of errors: `[Errno 104] Connection reset by peer` and not the libraries' words for it."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    return error


class WorkspaceError(Exception):
    """The workspace did not do what it was asked to do."""


class UnreachableError(WorkspaceError):
    """Nothing answers at the workspace's address. The text says what was tried."""


class UnavailableError(UnreachableError):
    """The workspace answers only that it can't serve now (503, 429), for as long as it was asked."""


class SignInError(WorkspaceError):
    """The workspace doesn't know the caller, or credentials are missing or contradict each other."""


class CredentialsError(SignInError):
    """The credentials can't be used as they are set. The text is complete: what is set, and what to do."""


class CallError(WorkspaceError):
    """The workspace refused a call. `code` is the API's error code, empty if the answer has none."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class DeniedError(CallError):
    """The caller may not make this call."""


class NotFoundError(CallError):
    """Status 404: the thing, the API or the feature does not exist. The code says which."""
