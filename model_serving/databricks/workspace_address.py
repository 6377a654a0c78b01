"""The address of a workspace in one spelling, so that two names of it are equal."""

from urllib.parse import urlsplit


def workspace_address(host: str) -> str:
    """Scheme and host of an address in lower case, without a path; as it is where it has no host.

    As the SDK reads it: `https` where no scheme is written (databricks-sdk, `_fix_host_if_needed`).
    """
    text = host.strip()
    parts = urlsplit(text if "://" in text else f"https://{text}")
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else text
