"""The error of the toolchain."""


class ToolchainError(Exception):
    """No engine can be installed. The message says why, and what to do."""
