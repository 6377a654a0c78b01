"""Secret scopes in a review: what the reader may not read stays as it is in the state, and is named."""

from typing import Any

import pytest

from model_serving.databricks.client import connect
from model_serving.databricks.resource_types import SECRET_ACL, SECRET_DELIVERY, SECRET_SCOPE
from model_serving.review.plan.state_copy.reads import observe

SECRETS = "/api/2.0/secrets"
DEFAULT = "urn:pulumi:dev::p::pulumi:providers:databricks::default_1_104_0::id"
STATE = {
    SECRET_SCOPE: {"name": "risk"},
    SECRET_ACL: {"scope": "risk", "principal": "jobs", "permission": "READ"},
    SECRET_DELIVERY: {"scope": "risk"},
}


def resources() -> list[dict[str, Any]]:
    return [
        {"urn": f"urn:pulumi:dev::p::{kind}::one", "type": kind, "id": "1", "inputs": inputs, "provider": DEFAULT}
        for kind, inputs in STATE.items()
    ]


@pytest.mark.parametrize(
    ("right", "unread"),
    [
        (None, {"secret scopes", "readers of secret scopes", "deliveries to secret scopes"}),
        ("READ", {"readers of secret scopes"}),
        ("MANAGE", set()),
    ],
)
def test_reader_sees_what_its_right_shows(frozen: Any, right: str | None, unread: set[str]) -> None:
    name, settings = frozen.principal()
    frozen.call("POST", f"{SECRETS}/scopes/create", {"scope": "risk"})
    if right:
        frozen.call("POST", f"{SECRETS}/acls/put", {"scope": "risk", "principal": name, "permission": right})
    found = observe(resources(), connect(settings), None)
    assert set(found.unread) == unread
    assert len(found.excluded) == len(unread)


def test_deleted_scope_is_read_by_the_provider(frozen: Any) -> None:
    _, settings = frozen.principal()
    assert observe(resources(), connect(settings), None).excluded == set()
