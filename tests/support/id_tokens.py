"""An identity provider for tests: signs tokens as GitHub does for the jobs of its workflows."""

import json
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER: Final = "https://token.actions.githubusercontent.com"
_KEY_ID: Final = "tests"
_LIFETIME: Final = 300
"""Seconds, as GitHub's."""


class Issuer:
    """A key, and the tokens that it signs."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def keys(self) -> str:
        """The public key as a JSON Web Key Set."""
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return json.dumps({"keys": [{**public, "kid": _KEY_ID, "alg": "RS256", "use": "sig"}]})

    def token(self, subject: str, audience: str, now: float) -> str:
        """A token for one subject and one audience."""
        claims = {"iss": ISSUER, "sub": subject, "aud": audience, "iat": int(now), "exp": int(now) + _LIFETIME}
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": _KEY_ID})
