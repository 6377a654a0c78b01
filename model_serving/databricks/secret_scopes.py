"""Secret scopes in the REST API: the path of a scope's keys."""

from urllib.parse import quote


def keys_path(scope: str) -> str:
    """The path of the keys of a scope, with the time of their last update and without their values."""
    return f"/api/2.0/secrets/list?scope={quote(scope, safe='')}"
