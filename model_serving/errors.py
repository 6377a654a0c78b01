"""Errors that a user can correct. The command shows their text; any other exception is a defect."""

import signal


class UserError(Exception):
    """A mistake, or something missing. The text says what is wrong and what to do, and holds no secret."""


class InterruptedRunError(UserError):
    """A signal ended the command. The text says what that leaves behind, and how to go on."""

    def __init__(self, number: signal.Signals, text: str) -> None:
        super().__init__(text)
        self.status = 128 + number
        """The exit status, as a shell gives it."""


class UsageError(UserError):
    """A command line that can't be carried out, such as an unknown stack."""


class NoPulumiError(UserError):
    """`pulumi` is not on PATH."""

    def __init__(self) -> None:
        what_to_do = 'Install Pulumi, or run `make setup` and then eval "$(make -s env)"'
        super().__init__(f"`pulumi` is not on PATH. {what_to_do}")
