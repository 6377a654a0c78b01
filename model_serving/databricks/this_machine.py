"""Whether a workspace is on this machine, as the embedded one is."""

from urllib.parse import urlsplit


def is_on_this_machine(host: object) -> bool:
    """Whether the host of a URL, with or without a scheme, is this machine."""
    address = str(host)
    return urlsplit(address if "://" in address else f"//{address}").hostname in ("127.0.0.1", "localhost", "::1")
