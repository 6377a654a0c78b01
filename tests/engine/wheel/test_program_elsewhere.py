"""A program elsewhere uses the components from the wheel."""

import json
import shutil

from pulumi.dynamic.dynamic import serialize_provider

from model_serving.components.endpoint_settings.provider import SettingsProvider
from tests.support.running_workspace import PROJECT
from tests.support.sandbox import Sandbox

EXAMPLE = PROJECT / "examples" / "own_program"
UP = ("up", "--yes", "--skip-preview")


def test_a_program_elsewhere_deploys_and_updates_from_the_wheel(elsewhere: Sandbox) -> None:
    shutil.copytree(EXAMPLE, elsewhere.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    elsewhere.pulumi("stack", "init", "test")
    elsewhere.pulumi(*UP)
    endpoint = elsewhere.workspace.get("/api/2.0/serving-endpoints/fraud")
    assert elsewhere.outputs() == {
        "id": endpoint["id"],
        "url": f"{elsewhere.workspace.url}/serving-endpoints/fraud/invocations",
    }

    elsewhere.pulumi(*UP, "--config", "calls=7")
    limits = elsewhere.workspace.get("/api/2.0/serving-endpoints/fraud")["ai_gateway"]["rate_limits"]
    assert [limit["calls"] for limit in limits] == [7]
    elsewhere.pulumi(*UP, "--refresh", "--expect-no-changes")

    (settings,) = _resources(elsewhere, "EndpointSettings")
    in_a_checkout = serialize_provider(SettingsProvider())
    assert settings["inputs"]["__provider"] == in_a_checkout


def _resources(sandbox: Sandbox, kind: str) -> list[dict[str, dict[str, str]]]:
    state = json.loads(sandbox.pulumi("stack", "export").text)
    return [each for each in state["deployment"]["resources"] if each["type"].endswith(f":{kind}")]
