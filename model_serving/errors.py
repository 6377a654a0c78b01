"""What a user can put right. Nothing else is caught."""

import signal


class UserError(Exception):
    """A mistake, or something that is missing. The text is a sentence with the way out, and holds no secret."""


class InterruptedRunError(UserError):
    """A signal ended the command. The text says what that leaves behind, and how to go on."""

    def __init__(self, number: signal.Signals, text: str) -> None:
        super().__init__(text)
        self.status = 128 + number
        """The exit status, as a shell gives it."""


class UsageError(UserError):
    """The command can't be carried out as it was given. The text says the way out."""
