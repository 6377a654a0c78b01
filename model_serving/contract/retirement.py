"""The retirement of a predecessor: the hook that refuses it."""

from typing import Final

RETIREMENT_REFUSED_BY: Final = "predecessor-is-quiet"
"""The hook of a stack's program that refuses to delete an endpoint of a migration that is still called."""
