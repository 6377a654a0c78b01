"""A random live endpoint becomes an entry with which the components would send what it has."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from model_serving.databricks.access_lists import access_list_path
from model_serving.databricks.serving_endpoints import ENDPOINTS_PATH, endpoint_path
from model_serving.delivery.adopt.stack_file import adoption_change
from model_serving.operations.adopt.entries import entry_of
from model_serving.operations.adopt.entry import Adoption, Destination, Entry, NotAdopted
from model_serving.spec import Stack, load_stack
from tests.http.conftest import READY_AFTER, FrozenWorkspace
from tests.support.random_endpoints import SEED, inputs_of, make_endpoint, random_fields, stop_endpoint


def stack(**settings: Any) -> Stack:
    return Stack.model_validate(settings)


def read(workspace: FrozenWorkspace, name: str) -> tuple[Any, Any]:
    live = workspace.call("GET", endpoint_path(name))
    return live, workspace.call("GET", access_list_path(live["id"]))


def adopted(workspace: FrozenWorkspace, name: str, spec: Stack | None = None) -> Entry | NotAdopted:
    destination = Destination("dev", spec or stack(), workspace.call("GET", "/api/2.0/preview/scim/v2/Me")["userName"])
    return entry_of(*read(workspace, name), destination)


@pytest.mark.parametrize("seed", range(6))
def test_entries_declare_what_was_made(frozen: FrozenWorkspace, tmp_path: Path, seed: int) -> None:
    frozen.call("POST", "/_workspace/seed", SEED)
    random, (principal, _) = Random(seed), frozen.principal()  # noqa: S311  a test's own numbers
    wanted, entries = {}, []
    for name in (f"endpoint-{number}" for number in range(10)):
        wanted[name] = stack(endpoints={name: {"permissions": [], **random_fields(random, (principal,))}})
        make_endpoint(frozen.call, name, inputs_of(wanted[name], name), lambda: frozen.clock.advance(READY_AFTER + 60))
        if wanted[name].endpoints[name].stopped:
            stop_endpoint(frozen.call, name)
        entry = adopted(frozen, name)
        assert isinstance(entry, Entry), entry
        assert entry.left_out == ()
        entries.append(entry)
    found = written_and_loaded(tmp_path, entries)
    for name, spec in wanted.items():
        now, then = inputs_of(found, name), inputs_of(spec, name)
        assert (now.model_serving, now.settings) == (then.model_serving, then.settings)
        assert _by_principal(now.access_controls) == _by_principal(then.access_controls)
        assert found.endpoints[name].stopped == spec.endpoints[name].stopped


def written_and_loaded(folder: Path, entries: list[Entry]) -> Stack:
    """What a stack file declares into which the entries were written."""
    (folder / "stacks").mkdir()
    file = folder / "stacks" / "Pulumi.dev.yaml"
    file.write_text("config: {}\n")
    file.write_text(adoption_change("dev", folder, Adoption(tuple(entries))).files["stacks/Pulumi.dev.yaml"])
    return load_stack("dev", folder / "stacks")


def _by_principal(access: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return sorted(access or [], key=str)


def test_the_deprecated_form_is_adopted(frozen: FrozenWorkspace) -> None:
    """As older clients and notebooks make endpoints: without names, traffic or a size."""
    model = {"model_name": "main.ml.fraud", "model_version": "7", "scale_to_zero_enabled": True}
    frozen.call("POST", ENDPOINTS_PATH, {"name": "by-notebook", "config": {"served_models": [model]}})
    frozen.clock.advance(READY_AFTER + 60)
    entry = adopted(frozen, "by-notebook")
    assert isinstance(entry, Entry), entry
    assert entry.fields["served_entities"] == {
        "fraud-7": {"entity": "main.ml.fraud", "version": "7", "workload_size": "Small", "scale_to_zero": True}
    }
    assert "traffic" not in entry.fields
