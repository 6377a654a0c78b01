"""The error of the toolchain."""


class ToolchainError(Exception):
    """No engine can be had; the text says what was found, what is needed and the way out."""
