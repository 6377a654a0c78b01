"""Facts about Databricks and Pulumi that several packages rely on."""

import pytest

from model_serving.databricks.naming import api_form, api_name, snake_case
from model_serving.databricks.principals import is_everyone_group
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.databricks.secret_references import is_secret_reference, parse_secret_reference
from model_serving.databricks.this_machine import is_on_this_machine
from model_serving.policies.pack.rule import Resource
from model_serving.policies.rules.plaintext_secrets import secrets_by_reference
from model_serving.review.plan.credentials import MASK, Scrubber, secrets_of

CREDENTIALS = {
    "Databricks token": "dapi" + "0" * 32,
    "Databricks token, numbered": "dapi" + "0" * 32 + "-2",
    "Databricks OAuth secret": "dose" + "a" * 32,
    "Databricks account token": "dkea" + "a" * 32,
    "JSON web token": "eyJhbGciOiJ.eyJzdWIiOiJ.c2lnbmF0dXJl",
    "model provider key": "sk-proj-0123456789abcdefgh",
    "AWS access key": "AKIA" + "A" * 16,
    "AWS temporary access key": "ASIA" + "A" * 16,
    "GitHub token": "ghp_" + "a" * 36,
    "GitHub fine-grained token": "github_pat_" + "a" * 40,
    "GitLab token": "glpat-" + "a" * 20,
    "Pulumi token": "pul-" + "0" * 40,
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    "password in a URL": "https://user:hunter2@host/path",
}


def violations(name: str, value: str) -> int:
    entity = {"name": "current", "environmentVars": {name: value}}
    resource = Resource(MODEL_SERVING, "iris", "urn:iris", {"config": {"servedEntities": [entity]}})
    return len(list(secrets_by_reference.check(resource, {})))


@pytest.mark.parametrize("credential", CREDENTIALS.values(), ids=CREDENTIALS)
def test_policy_and_scrubber_know_each_credential(credential: str) -> None:
    assert violations("X", credential) == 1
    assert MASK in Scrubber([])(f"before {credential} after")


@pytest.mark.parametrize(
    "name", ["DB_TOKEN", "CLIENT_SECRET", "DB_PASSWORD", "DB_PASSWD", "PASSPHRASE", "OPENAI_API_KEY", "PRIVATE_KEY"]
)
def test_policy_and_scrubber_know_each_credential_name(name: str) -> None:
    assert violations(name, "hunter2") == 1
    assert secrets_of({name: "hunter2"}) == {"hunter2"}


@pytest.mark.parametrize("value", ["scikit-learn", "https://host:8080/path", "max_token=512", "text"])
def test_ordinary_values_are_no_credentials(value: str) -> None:
    assert violations("X", value) == 0


def test_a_reference_is_the_whole_text() -> None:
    assert parse_secret_reference("{{secrets/scope/key}}") == ("scope", "key")
    assert not any(map(is_secret_reference, ("{{secrets/scope}}", "x{{secrets/a/b}}", "{{secrets/a/b}}\n", "")))


def test_provider_names_become_api_names() -> None:
    assert [snake_case("routeOptimized"), api_name("onUpdateFailures")] == ["route_optimized", "on_update_failure"]
    assert api_form({"rateLimits": [{"calls": 5.0}], "__defaults": []}) == {"rate_limits": [{"calls": 5}]}


def test_groups_of_everyone_ignore_case() -> None:
    assert is_everyone_group("Users")
    assert not is_everyone_group("admins")


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("http://127.0.0.1:8787", True),
        ("localhost:8787", True),
        ("http://[::1]:8787", True),
        ("http://127.0.0.1.example.com", False),
        ("https://adb-1.2.azuredatabricks.net", False),
        ("", False),
    ],
)
def test_only_loopback_hosts_are_this_machine(host: str, *, here: bool) -> None:
    assert is_on_this_machine(host) is here
