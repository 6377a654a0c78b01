"""Secrets and variables of GitHub's environments, and CI/CD variables of GitLab, for tests/support/fake_forge.py.

Both projects are `acme/checkout`, which callers have, and not the repository of the stack files.
"""

import base64
from typing import Any, Final

from nacl.public import PrivateKey, SealedBox

from tests.support.fake_forge import Answer, Request, Routes, Stored, now

_ENVIRONMENT: Final = r"/repos/acme/checkout/environments/(?P<environment>[^/]+)"
_VARIABLES: Final = r"/api/v4/projects/acme%2Fcheckout/variables"
_KEY: Final = PrivateKey.generate()
_NOT_FOUND: Final = Answer(404, {"message": "Not Found"})
_FORBIDDEN: Final = Answer(403, {"message": "Resource not accessible by personal access token"})
_ALLOWED: Final = ("admin", "write")


def decrypted(secret: Stored) -> str:
    """The value of a secret of GitHub, which the forge alone can read."""
    return SealedBox(_KEY).decrypt(base64.b64decode(secret.value)).decode()


def _public_key(request: Request, environment: str) -> Answer:
    if environment not in request.forge.environments:
        return _NOT_FOUND
    return Answer(200, {"key_id": "7", "key": base64.b64encode(bytes(_KEY.public_key)).decode()})


def _stored(request: Request, environment: str, name: str, *, is_secret: bool) -> Stored | None:
    stored = request.forge.environments.get(environment, {}).get(name)
    return stored if stored and stored.is_secret is is_secret else None


def _shown(name: str, stored: Stored) -> dict[str, str]:
    times = {"updated_at": f"{stored.updated:%Y-%m-%dT%H:%M:%SZ}"}
    return {"name": name, **times} if stored.is_secret else {"name": name, "value": stored.value, **times}


def _secret(request: Request, environment: str, name: str) -> Answer:
    stored = _stored(request, environment, name, is_secret=True)
    return Answer(200, _shown(name, stored)) if stored else _NOT_FOUND


def _put_secret(request: Request, environment: str, name: str) -> Answer:
    if request.user.permission not in _ALLOWED:
        return _FORBIDDEN
    if request.body.get("key_id") != "7":
        return Answer(422, {"message": "Invalid key_id"})
    request.forge.environments[environment][name] = Stored(request.body["encrypted_value"], now(), is_secret=True)
    return Answer(201, {})


def _variable(request: Request, environment: str, name: str) -> Answer:
    stored = _stored(request, environment, name, is_secret=False)
    return Answer(200, _shown(name, stored)) if stored else _NOT_FOUND


def _change_variable(request: Request, environment: str, name: str) -> Answer:
    stored = _stored(request, environment, name, is_secret=False)
    if not stored:
        return _NOT_FOUND
    stored.value, stored.updated = request.body["value"], now()
    return Answer(204, {})


def _create_variable(request: Request, environment: str) -> Answer:
    name = request.body["name"]
    if _stored(request, environment, name, is_secret=False):
        return Answer(409, {"message": "Already exists - Variable already exists"})
    request.forge.environments[environment][name] = Stored(request.body["value"], now())
    return Answer(201, {})


def _gitlab(request: Request, name: str) -> Answer:
    scope = request.query.get("filter[environment_scope]", "*")
    stored = request.forge.environments.get(scope, {}).get(name)
    return Answer(200, _as_gitlab_shows(name, scope, stored)) if stored else _NOT_FOUND


def _as_gitlab_shows(name: str, scope: str, stored: Stored) -> dict[str, Any]:
    value = None if stored.settings.get("hidden") else stored.value
    return {"key": name, "value": value, "environment_scope": scope, **stored.settings}


def _create_gitlab(request: Request) -> Answer:
    body = request.body
    if request.user.permission not in _ALLOWED:
        return Answer(403, {"message": "403 Forbidden"})
    variables = request.forge.environments.setdefault(body.get("environment_scope", "*"), {})
    if body["key"] in variables:
        return Answer(400, {"message": {"key": [f"({body['key']}) has already been taken"]}})
    hidden = bool(body.get("masked_and_hidden"))
    settings = {"protected": body["protected"], "raw": body["raw"], "hidden": hidden}
    settings["masked"] = hidden or bool(body.get("masked"))
    variables[body["key"]] = Stored(body["value"], now(), settings=settings)
    return Answer(201, _as_gitlab_shows(body["key"], body["environment_scope"], variables[body["key"]]))


def _change_gitlab(request: Request, name: str) -> Answer:
    scope = (request.body.get("filter") or {}).get("environment_scope", "*")
    stored = request.forge.environments.get(scope, {}).get(name)
    if not stored:
        return _NOT_FOUND
    if stored.settings["hidden"] and "masked" in request.body:
        return Answer(400, {"message": "Cannot change masked of a hidden variable"})
    stored.value, stored.updated = request.body["value"], now()
    stored.settings |= {key: request.body[key] for key in ("protected", "raw", "masked") if key in request.body}
    return Answer(200, _as_gitlab_shows(name, scope, stored))


GITHUB_ENVIRONMENTS: Routes = {
    ("GET", rf"{_ENVIRONMENT}/secrets/public-key"): _public_key,
    ("GET", rf"{_ENVIRONMENT}/secrets/(?P<name>\w+)"): _secret,
    ("PUT", rf"{_ENVIRONMENT}/secrets/(?P<name>\w+)"): _put_secret,
    ("GET", rf"{_ENVIRONMENT}/variables/(?P<name>\w+)"): _variable,
    ("PATCH", rf"{_ENVIRONMENT}/variables/(?P<name>\w+)"): _change_variable,
    ("POST", rf"{_ENVIRONMENT}/variables"): _create_variable,
}
GITLAB_VARIABLES: Routes = {
    ("POST", _VARIABLES): _create_gitlab,
    ("GET", rf"{_VARIABLES}/(?P<name>\w+)"): _gitlab,
    ("PUT", rf"{_VARIABLES}/(?P<name>\w+)"): _change_gitlab,
}
