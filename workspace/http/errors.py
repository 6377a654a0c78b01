"""The errors of the API, one class for each code.

Both SDKs select the exception class by `error_code` first and by status second, MLflow by `error_code` only. So every
error has the code from captures of the service, not the generic one of the REST reference.
"""

# ruff: noqa: N818 - the names are the API's error codes

import uuid
from http import HTTPStatus
from typing import Any, ClassVar

SCIM_ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


class ApiError(Exception):
    """A rejected request."""

    status: int = 500
    error_code: ClassVar[str] = "INTERNAL_ERROR"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def body(self) -> dict[str, Any]:
        return error_body(self.error_code, self.message)

    def headers(self) -> dict[str, str]:
        return {}


class InvalidParameter(ApiError):
    status, error_code = 400, "INVALID_PARAMETER_VALUE"


class LimitExceeded(ApiError):
    status, error_code = 400, "RESOURCE_LIMIT_EXCEEDED"


class MalformedRequest(ApiError):
    status, error_code = 400, "MALFORMED_REQUEST"


class BadRequest(ApiError):
    status, error_code = 400, "BAD_REQUEST"


class InvalidState(ApiError):
    status, error_code = 400, "INVALID_STATE"


class Unauthenticated(ApiError):
    status, error_code = 401, "UNAUTHENTICATED"


class PermissionDenied(ApiError):
    status, error_code = 403, "PERMISSION_DENIED"


class DoesNotExist(ApiError):
    """Without `has_code` the body has a message only."""

    status, error_code = 404, "RESOURCE_DOES_NOT_EXIST"

    def __init__(self, message: str, *, has_code: bool = True) -> None:
        super().__init__(message)
        self.has_code = has_code

    def body(self) -> dict[str, Any]:
        return super().body() if self.has_code else {"message": self.message}


class NoSuchApi(ApiError):
    status, error_code = 404, "ENDPOINT_NOT_FOUND"


class AlreadyExists(ApiError):
    status, error_code = 400, "RESOURCE_ALREADY_EXISTS"

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Conflict(ApiError):
    status, error_code = 409, "RESOURCE_CONFLICT"


class TooManyRequests(ApiError):
    """`retry_after` is in whole seconds, after which databricks-sdk-py retries."""

    status, error_code = 429, "REQUEST_LIMIT_EXCEEDED"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)}


class TooLarge(ApiError):
    status, error_code = 413, "MAX_REQUEST_SIZE_EXCEEDED"


class ScimError(ApiError):
    """SCIM's own error format; clients build their message from `scimType` and `detail`."""

    def __init__(self, status: HTTPStatus, message: str, scim_type: str | None = None) -> None:
        super().__init__(message)
        self.status = int(status)
        self.scim_type = scim_type

    def body(self) -> dict[str, Any]:
        body = {"schemas": [SCIM_ERROR_SCHEMA], "status": str(self.status), "detail": self.message}
        return body | ({"scimType": self.scim_type} if self.scim_type else {})


class OAuthError(ApiError):
    """The error format of the token endpoint, RFC 6749 section 5.2; databricks-sdk-py shows both members."""

    def __init__(self, status: HTTPStatus, error: str, description: str) -> None:
        super().__init__(description)
        self.status = int(status)
        self.error = error

    def body(self) -> dict[str, Any]:
        return {"error": self.error, "error_description": self.message}


def error_body(error_code: str, message: str) -> dict[str, Any]:
    """The error format of all other APIs, with a request id."""
    request_info = {
        "@type": "type.googleapis.com/google.rpc.RequestInfo",
        "request_id": str(uuid.uuid4()),
        "serving_data": "",
    }
    return {"error_code": error_code, "message": message, "details": [request_info]}
