"""Names of the rules on what no change shows: conditions of the live workspace. A review knows them by these names."""

from typing import Final

ENDPOINTS_SERVE: Final = "endpoints-serve"
PERMISSIONS_DECLARED: Final = "permissions-declared"
NO_UNDECLARED_PERMISSIONS: Final = "no-undeclared-permissions"
PERMISSIONS_READABLE: Final = "permissions-readable"
SERVING_PRINCIPALS_EXIST: Final = "serving-principals-exist"
RUNS_AS_DECLARED: Final = "runs-as-declared"
ALIASES_STAY: Final = "aliases-stay"
ALIASES_NAMED: Final = "aliases-named"
SECRETS_LAST: Final = "secrets-last"
CONDITIONS: Final = (
    ENDPOINTS_SERVE,
    PERMISSIONS_DECLARED,
    NO_UNDECLARED_PERMISSIONS,
    PERMISSIONS_READABLE,
    SERVING_PRINCIPALS_EXIST,
    RUNS_AS_DECLARED,
    ALIASES_NAMED,
    SECRETS_LAST,
)
"""What is so whether the change is deployed or not. A moved alias is none: it is a part of what is deployed."""

NEED_SOMEONE: Final = (ENDPOINTS_SERVE, ALIASES_STAY, SECRETS_LAST)
"""What a person must look at though nothing is changed: the nightly report on drift is not clean."""
