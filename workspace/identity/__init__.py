"""Service principals, OAuth, permissions and secret scopes."""
