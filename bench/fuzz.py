"""`python -m bench.fuzz`: sends requests generated from the workspace's OpenAPI document; none may get a 5xx.

Half of the generated names are those of existing objects, so that not every response is a 404.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.support.running_workspace import RunningWorkspace, running_workspace

ENDPOINTS: Final = "/api/2.0/serving-endpoints"
SCIM: Final = "/api/2.0/preview/scim/v2"
# injected faults are 5xx, and a report is hard to read without the journal
EXCLUDED: Final = ("/_workspace/faults", "/_workspace/journal")
SECRETS: Final = "/credentials/secrets"
ENTITY: Final = {
    "name": "current",
    "entity_name": "main.ml.fraud",
    "entity_version": "7",
    "workload_size": "Small",
    "scale_to_zero_enabled": False,
}


def main() -> int:
    """Run the generated requests and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, help="duration (default: until all examples are sent)")
    parser.add_argument("--examples", type=int, default=1_000_000, help="maximum number for each operation")
    parser.add_argument(
        "--phases", default="coverage,fuzzing,stateful", help="phases of schemathesis (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, help="seed of a run to repeat")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        folder = Path(name)
        limits = ("--limit", "changes=1000000000", "--limit", "endpoints=100", "--cold-start", "0")
        with running_workspace(folder / "workspace.db", "--ready-after", "0", *limits) as workspace:
            known = _create_objects(workspace)
            document = workspace.get("/_workspace/openapi.json")
            description = folder / "openapi.json"
            description.write_text(json.dumps(_with_names(document, known)), encoding="utf-8")
            return subprocess.run(_command(options, description, workspace), cwd=folder, check=False).returncode


def _command(options: argparse.Namespace, description: Path, workspace: RunningWorkspace) -> list[str]:
    program = str(Path(sys.executable).parent / "schemathesis")
    command = [program, "run", str(description), "--url", workspace.url, "--no-color"]
    command += ["--header", f"Authorization: Bearer {workspace.token}", "--checks", "not_a_server_error"]
    command += ["--max-examples", str(options.examples), "--warnings", "off", "--phases", options.phases]
    for path in EXCLUDED:
        command += ["--exclude-path", path]
    if options.seconds:
        command += ["--max-time", str(options.seconds)]
    if options.seed is not None:
        command += ["--seed", str(options.seed)]
    return command


def _create_objects(workspace: RunningWorkspace) -> dict[str, list[str]]:
    """Creates one object of each kind, and returns the existing names by parameter."""
    for name in ("planted", "spare"):
        body = {"name": name, "route_optimized": name == "spare", "config": {"served_entities": [ENTITY]}}
        workspace.post(ENDPOINTS, body)
    spare = workspace.get(f"{ENDPOINTS}/spare")
    identities = {
        kind: workspace.post(f"{SCIM}/{kind}", {"displayName": "planted", "userName": "planted@example.com"})["id"]
        for kind in ("ServicePrincipals", "Users", "Groups")
    }
    secret = workspace.post(f"/api/2.0/accounts/servicePrincipals/{identities['ServicePrincipals']}{SECRETS}", {})
    return {
        "name": ["planted", "spare"],
        "model": ["planted", "assistant"],
        "entity": ["current"],
        "endpoint_id": [spare["id"]],
        "workspace_id": [spare["endpoint_url"].split("/")[5]],
        "principal_id": [identities["ServicePrincipals"]],
        "identity_id": list(identities.values()),
        "secret_id": [secret["id"]],
        "full_name": ["main", "main.ml", "main.ml.fraud", "main.ml.iris", "main.ml.user_features"],
        "securable_type": ["catalog", "schema", "function"],
        "version": ["1", "7"],
        "alias": ["Champion"],
        "file": ["page.js"],
        "entity_name": ["main.ml.fraud", "main.ml.user_features", "system.ai.llama"],
        "entity_version": ["7", "99"],
        "served_entity_name": ["current"],
        "workload_size": ["Small"],
        "group_name": ["ml-engineers", "admins"],
        "user_name": ["admin@example.com"],
        "permission_level": ["CAN_QUERY", "CAN_MANAGE"],
        "scope": ["serving"],
        "principal": ["admin@example.com", "ml-engineers"],
        "catalog_name": ["main"],
        "schema_name": ["ml"],
        "op": ["add", "remove", "replace"],
    }


def _with_names(value: Any, known: dict[str, list[str]]) -> Any:
    """The document with existing names as an alternative for each parameter and member."""
    if isinstance(value, list):
        return [_with_names(each, known) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("in") == "path":
        return value | {"schema": _either(value["schema"], known.get(value["name"]))}
    properties = value.get("properties")
    rest = {member: _with_names(inner, known) for member, inner in value.items() if member != "properties"}
    if not isinstance(properties, dict):
        return rest
    inner = {name: _either(_with_names(schema, known), known.get(name)) for name, schema in properties.items()}
    return rest | {"properties": inner}


def _either(schema: Any, names: list[str] | None) -> Any:
    return {"anyOf": [{"enum": names}, schema]} if names else schema


if __name__ == "__main__":
    sys.exit(main())
