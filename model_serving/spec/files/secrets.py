"""Secrets of a stack file (`pulumi config set --secret`), which are never shown, and outputs, which can't be read."""

from typing import Final, Self, TypeGuard

MASK: Final = "[secret]"


class Secret(str):
    """A secret text of a stack file.

    Printing or formatting it gives `[secret]`; only `reveal()` gives the text. Joining it with text gives a Secret. To
    pass one to Pulumi, wrap it: `pulumi.Output.secret(value.reveal())`.

    A stack that is loaded without the engine can't be decrypted. Its secrets are not `known`: they hold the ciphertext,
    so that two are equal only if they are the same, and are valid for every text field.
    """

    __slots__ = ("known",)

    known: bool

    def __new__(cls, text: str, *, known: bool = True) -> Self:
        secret = super().__new__(cls, str.__str__(text))  # str(text) of a Secret is the mask
        secret.known = known
        return secret

    def reveal(self) -> str:
        """The text itself. Fails for a secret that is not known."""
        assert self.known, "This stack was loaded without the engine: its secrets can't be revealed"
        return str.__str__(self)

    def partition(self, separator: str, /) -> tuple[str, str, str]:
        """As for any text, with the parts secret too."""
        before, found, after = super().partition(separator)
        return self._like(before), found, self._like(after)

    def lower(self) -> Self:
        """As for any text, and secret too."""
        return self._like(super().lower())

    def __add__(self, other: str) -> Self:
        return self._like(str.__add__(self, other))

    def __radd__(self, other: str) -> Self:
        return self._like(str.__add__(other, self))

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return MASK

    def __format__(self, specification: str) -> str:
        return format(MASK, specification)

    def _like(self, text: str) -> Self:
        return type(self)(text, known=self.known)


def is_secret(value: object) -> TypeGuard[Secret]:
    """Whether a value of a stack was encrypted in its file."""
    return isinstance(value, Secret)


def is_output(value: object) -> bool:
    """Whether a value is a `pulumi.Output`. Pulumi is not imported: stack files are read without it."""
    return not isinstance(value, str) and callable(getattr(value, "apply", None))


def is_unknown(value: object) -> bool:
    """Whether no rule can check a value: an output, or a secret that could not be decrypted."""
    return is_output(value) or (isinstance(value, Secret) and not value.known)


def is_plaintext(value: object) -> TypeGuard[str]:
    """Whether a value is text that may be shown: neither a secret nor an output."""
    return isinstance(value, str) and not isinstance(value, Secret)
