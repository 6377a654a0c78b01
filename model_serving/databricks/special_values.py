"""How Pulumi marks unknown and secret values in its wire format, its events and its state.

Source: pulumi/pulumi, sdk/go/common/resource/plugin/rpc.go and sdk/go/common/resource/sig/sig.go.
"""

from typing import Final

UNKNOWN_VALUES: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
"""The strings that stand for a value which is known only during `up`, one for each kind of value."""

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
"""The key of a map that is a special value: a secret, an asset, an output."""

SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  a marker
"""The value of that key in a secret."""

CHANGED_OUTSIDE: Final = "changed outside of this project"
"""What the state has after a refresh instead of the id of a secret that somebody else has overwritten."""
