"""A random live endpoint becomes an entry with which the components would send what it has."""

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from model_serving.databricks.access_lists import access_list_path
from model_serving.databricks.serving_endpoints import endpoint_path
from model_serving.operations.adopt.entries import entry_of
from model_serving.operations.adopt.entry import Destination, Entry, NotAdopted
from model_serving.spec import Stack
from tests.http.conftest import READY_AFTER, FrozenWorkspace
from tests.support.random_endpoints import SEED, inputs_of, make_endpoint, random_fields, stop_endpoint

NAME = "fraud-scorer"


def stack(**settings: Any) -> Stack:
    return Stack.model_validate(settings)


def declared(fields: Mapping[str, Any]) -> Stack:
    return stack(endpoints={NAME: fields})


def read(workspace: FrozenWorkspace, name: str) -> tuple[Any, Any]:
    live = workspace.call("GET", endpoint_path(name))
    return live, workspace.call("GET", access_list_path(live["id"]))


def adopted(workspace: FrozenWorkspace, name: str, spec: Stack | None = None) -> Entry | NotAdopted:
    destination = Destination("dev", spec or stack(), workspace.call("GET", "/api/2.0/preview/scim/v2/Me")["userName"])
    return entry_of(*read(workspace, name), destination)


@pytest.mark.parametrize("seed", range(6))
def test_entries_declare_what_was_made(frozen: FrozenWorkspace, seed: int) -> None:
    frozen.call("POST", "/_workspace/seed", SEED)
    random, (principal, _) = Random(seed), frozen.principal()  # noqa: S311  a test's own numbers
    for number in range(10):
        name = f"endpoint-{number}"
        wanted = stack(endpoints={name: {"permissions": [], **random_fields(random, (principal,))}})
        make_endpoint(frozen.call, name, inputs_of(wanted, name), lambda: frozen.clock.advance(READY_AFTER + 60))
        if wanted.endpoints[name].stopped:
            stop_endpoint(frozen.call, name)
        entry = adopted(frozen, name)
        assert isinstance(entry, Entry), entry
        assert entry.left_out == ()
        found = stack(endpoints={name: entry.fields})
        now, then = inputs_of(found, name), inputs_of(wanted, name)
        assert (now.model_serving, now.settings) == (then.model_serving, then.settings)
        assert _by_principal(now.access_controls) == _by_principal(then.access_controls)
        assert found.endpoints[name].stopped == wanted.endpoints[name].stopped


def _by_principal(access: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return sorted(access or [], key=str)
