"""Secrets are gone once a preview is read."""

import pytest

from model_serving.databricks.special_values import SIGNATURE_KEY
from model_serving.review.plan.credentials import MASK, Scrubber, secrets_of
from model_serving.review.plan.diff import Change, Kind, compare
from model_serving.review.plan.redact import Hidden, Mark, Redactor, shown

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({SIGNATURE_KEY: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}, "[secret]"),
        ({SIGNATURE_KEY: "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"hunter2"'}, "[secret]"),
        ("[secret]", "[secret]"),
        (UNKNOWN, "known after up"),
        (
            {"environmentVars": {"A": "hunter2", "B": "{{secrets/s/k}}"}},
            "environmentVars: A: [hidden], B: {{secrets/s/k}}",
        ),
        ({"environmentVars": {"A": {"deep": ["hunter2"]}}}, "environmentVars: A: deep: [hidden]"),
        ({"openaiApiKeyPlaintext": "hunter2"}, "openaiApiKeyPlaintext: [hidden]"),
        ({"openaiApiKey": "{{secrets/s/k}}"}, "openaiApiKey: {{secrets/s/k}}"),
        ({"password": ""}, "password: "),
        ({"__defaults": ["x"], "a": None, "name": "fraud"}, "name: fraud"),
        (True, "true"),
        (5.0, "5"),
    ],
)
def test_values_are_shown_without_secrets(value: object, expected: str) -> None:
    assert shown(Redactor().redact(value)) == expected


def test_hidden_values_are_removed_from_messages() -> None:
    redactor = Redactor()
    redactor.redact({"environmentVars": {"A": "hunter2"}})
    assert Scrubber(redactor.hidden_texts)("the service said: hunter2 is wrong") == f"the service said: {MASK} is wrong"


def test_hidden_values_keep_only_equality() -> None:
    old, same, new = (Redactor().redact({"environmentVars": {"A": value}}) for value in ("one", "one", "two"))
    assert list(compare(old, same)) == []
    (change,) = compare(old, new)
    assert (str(change), change.kind, isinstance(change.old, Hidden)) == ("environmentVars.A", Kind.UPDATE, True)
    assert "fingerprint" not in repr(change.old)


@pytest.mark.parametrize(
    "text",
    [
        "dapi" + "0" * 32,
        "dose" + "a" * 32,
        "Authorization: Bearer abcdefgh12345",
        "eyJhbGciOiJ.eyJzdWIiOiJ.c2lnbmF0dXJl",
        "sk-proj-0123456789abcdefgh",
        "AKIA" + "A" * 16,
        "ghp_" + "a" * 36,
        "https://user:hunter2@host/path",
        "DB_PASSWORD=hunter2",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_credential_patterns_are_removed_from_messages(text: str) -> None:
    scrubbed = Scrubber([])(f"before {text} after")
    assert MASK in scrubbed
    assert all(
        part not in scrubbed for part in ("hunter2", "abcdefgh", "0000000000", "MIIE", "c2lnbmF0dXJl", "aaaaaaaa")
    )


def test_shell_credentials_are_found_by_variable_name() -> None:
    environment = {"DATABRICKS_TOKEN": "a1", "PULUMI_CONFIG_PASSPHRASE": "b2", "PATH": "/bin", "MY_CLIENT_SECRET": "c3"}
    assert secrets_of(environment) == {"a1", "b2", "c3"}


def test_secrets_differ_where_the_provider_reports_it() -> None:
    old, new = {"token": Mark.SECRET, "other": Mark.SECRET}, {"token": Mark.SECRET, "other": Mark.SECRET}
    assert list(compare(old, new, ("token",))) == [Change(("token",), Kind.UPDATE, Mark.SECRET, Mark.SECRET)]


def entity(name: str, version: str = "1") -> dict[str, str]:
    return {"name": name, "entityVersion": version}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([entity("a"), entity("b")], [entity("n"), entity("a"), entity("b")], {"servedEntities[n]": "add"}),
        ([entity("a"), entity("b")], [entity("b")], {"servedEntities[a]": "remove"}),
        ([entity("a"), entity("b")], [entity("b"), entity("a")], {"servedEntities": "reorder"}),
        ([entity("a", "1")], [entity("a", "2")], {"servedEntities[a].entityVersion": "update"}),
        ([entity("a"), entity("a")], [entity("a"), entity("a", "2")], {"servedEntities": "update"}),
        (["x"], ["y"], {"servedEntities": "update"}),
    ],
    ids=["put in front", "removed", "reordered", "changed", "two of one name", "nameless"],
)
def test_list_items_are_identified_by_name(old: object, new: object, expected: dict[str, str]) -> None:
    assert {str(each): each.kind for each in compare({"servedEntities": old}, {"servedEntities": new})} == expected
