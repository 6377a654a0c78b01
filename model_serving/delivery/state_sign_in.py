"""Sign-in of a job to the backend of Pulumi's state, by the OIDC token of its forge: no key is stored.

Sources: the SDKs in Pulumi 3.220's modules. AWS: AWS_WEB_IDENTITY_TOKEN_FILE (aws-sdk-go-v2, config/env_config.go).
Azure: AZURE_FEDERATED_TOKEN_FILE (azidentity, workload_identity.go), by gocloud.dev/blob/azureblob. Google: a file of
the type `external_account` (golang.org/x/oauth2/google), by gcpauth.go of Pulumi.
"""

import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from model_serving.errors import UserError

_TIMEOUT: Final = 20.0
"""Seconds for one token."""
_RENEWAL: Final = 240
"""Seconds between two tokens: GitHub's are valid for five minutes, and the SDKs read the file again each hour."""
_LONGEST_JOB: Final = 6 * 3600
"""Seconds that a job on GitHub's runners takes at most."""

_URL: Final = "ACTIONS_ID_TOKEN_REQUEST_URL"
_TOKEN: Final = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105  the name of a variable
_GIVEN: Final = "STATE_OIDC_TOKEN"
"""GitLab's token, which the job declares under `id_tokens` and which is valid as long as the job."""


class SignInError(UserError):
    """A job can't sign in to the state's backend. The text says what is missing."""


@dataclass(frozen=True)
class SignIn:
    """How a job signs in: variables for its later steps, and the token file that must stay fresh, if any."""

    variables: Mapping[str, str]
    token_file: Path | None = None
    audience: str = ""


def state_sign_in(environment: Mapping[str, str], folder: Path) -> SignIn:
    """How a job signs in to the backend that PULUMI_BACKEND_URL names; files go to the folder. Raises SignInError."""
    scheme = environment.get("PULUMI_BACKEND_URL", "").partition("://")[0]
    match scheme:
        case "s3":
            _require(environment, "S3", "AWS_ROLE_ARN", "AWS_REGION")
            file = folder / "aws-token"
            variables = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(file), "AWS_ROLE_SESSION_NAME": "model-serving"}
            return SignIn(variables, file, "sts.amazonaws.com")
        case "azblob":
            _require(environment, "Azure Blob Storage", "AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_STORAGE_ACCOUNT")
            file = folder / "azure-token"
            return SignIn({"AZURE_FEDERATED_TOKEN_FILE": str(file)}, file, "api://AzureADTokenExchange")
        case "gs":
            _require(environment, "Google Cloud Storage", "GCP_WORKLOAD_IDENTITY_PROVIDER", "GCP_SERVICE_ACCOUNT")
            file, token = folder / "google-credentials.json", folder / "google-token"
            write_secret(file, json.dumps(_google(environment, token), indent=2))
            variables = {"GOOGLE_APPLICATION_CREDENTIALS": str(file)}
            # On GitHub Google's library asks for a token itself.
            return SignIn(variables, token) if environment.get(_GIVEN) else SignIn(variables)
        case "" | "https":
            _require(environment, "Pulumi Cloud", "PULUMI_ACCESS_TOKEN")
            return SignIn({})
        case "file":
            return SignIn({})
        case _:
            raise SignInError(f"PULUMI_BACKEND_URL begins with {scheme}://; known are s3, azblob, gs and https")


def _require(environment: Mapping[str, str], backend: str, *names: str) -> None:
    missing = [name for name in names if not environment.get(name)]
    if backend != "Pulumi Cloud" and not environment.get(_URL) and not environment.get(_GIVEN):
        missing.append(f"the permission `id-token: write` of a GitHub job, or {_GIVEN} on GitLab")
    if missing:
        raise SignInError(f"The state is in {backend}, and this job lacks {', '.join(missing)}: see docs/pipelines.md")


def _google(environment: Mapping[str, str], token: Path) -> Mapping[str, object]:
    """The credential file: Google's library asks GitHub for a fresh token each time, or reads GitLab's."""
    provider = environment["GCP_WORKLOAD_IDENTITY_PROVIDER"]
    account = environment["GCP_SERVICE_ACCOUNT"]
    return {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{provider}",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "service_account_impersonation_url": (
            f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
        ),
        "credential_source": {"file": str(token)}
        if environment.get(_GIVEN)
        else {
            "url": f"{environment[_URL]}&audience=https://iam.googleapis.com/{provider}",
            "headers": {"Authorization": f"Bearer {environment.get(_TOKEN, '')}"},
            "format": {"type": "json", "subject_token_field_name": "value"},
        },
    }


def write_token(environment: Mapping[str, str], sign_in: SignIn) -> None:
    """Write a fresh token of GitHub into the token file, if there is one. Raises SignInError."""
    if not sign_in.token_file:
        return
    if given := environment.get(_GIVEN):
        write_secret(sign_in.token_file, given)
        return
    headers = {"Authorization": f"Bearer {environment.get(_TOKEN, '')}"}
    try:
        answer = httpx.get(f"{environment[_URL]}&audience={sign_in.audience}", headers=headers, timeout=_TIMEOUT)
        token = answer.raise_for_status().json()["value"]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise SignInError(f"GitHub gives this job no OIDC token ({type(error).__name__}). Run it again later") from None
    write_secret(sign_in.token_file, token)


def must_be_renewed(environment: Mapping[str, str], sign_in: SignIn) -> bool:
    """Whether the token file outlives its token."""
    return sign_in.token_file is not None and not environment.get(_GIVEN)


def keep_fresh(environment: Mapping[str, str], sign_in: SignIn) -> None:
    """Write a fresh token every four minutes, as long as a job can last."""
    ends = time.monotonic() + _LONGEST_JOB
    while time.monotonic() < ends:
        time.sleep(_RENEWAL)
        try:
            write_token(environment, sign_in)
        except SignInError:  # tried again four minutes later; the one before is read until then
            continue


def write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner may read, replacing it at once."""
    # A new file each time: one that somebody else has created under a known name would be theirs to read.
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=file.name, delete=False, encoding="utf-8") as new:
        new.write(text)
    Path(new.name).replace(file)
