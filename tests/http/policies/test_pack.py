"""The pack, called as the engine calls it, without an engine."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import proto
from pulumi.runtime.proto import analyzer_pb2_grpc

from model_serving.databricks.resource_types import DATABRICKS_PROVIDER
from model_serving.databricks.special_values import SECRET_SIGNATURE, SIGNATURE_KEY
from model_serving.policies.rules import RULES
from tests.support.warm_python.environment import warm_environment

PACK = Path(__file__).resolve().parents[3] / "policies"
SERVING = "databricks:index/modelServing:ModelServing"
ENTITY = {"name": "current", "entityName": "main.ml.iris", "entityVersion": "2", "scaleToZeroEnabled": True}
ASLEEP = {"name": "iris", "config": {"servedEntities": [ENTITY]}, "tags": [{"key": "team", "value": "risk"}]}
WAIVER = {
    "night": {
        "rule": "production-stays-warm", "resource": "iris", "reason": "Night only", "owner": "risk",
        "expires": "9999-12-31",
    }
}  # fmt: skip
NO_HOST = 'Endpoint "iris" could not be read'


@contextmanager
def pack(
    stack: str = "prod",
    waivers: Any = None,
    endpoints: Any = None,
    policies: Any = None,
    project: Path = PACK.parent,
    name: str = "model-serving",
) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """The pack in a process of its own, with no workspace to read."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DATABRICKS_")} | {
        "PULUMI_PROJECT": name,
        "PULUMI_STACK": stack,
        "PULUMI_DRY_RUN": "true",
        "PULUMI_CONFIG": json.dumps(
            {
                "model-serving:waivers": json.dumps(waivers or {}),
                "model-serving:endpoints": json.dumps(endpoints or {}),
                "model-serving:policies": json.dumps(policies or {}),
            }
        ),
        "MODEL_SERVING_PROJECT": str(project),
        "DATABRICKS_CONFIG_FILE": os.devnull,
    }
    command = [str(warm_environment() / "bin" / "python"), "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(PACK)]
    process = subprocess.Popen(command, cwd=PACK, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None, "The output is a pipe"
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def struct(inputs: dict[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(inputs)
    return made


def analyze(
    stub: Any, inputs: dict[str, Any], kind: str = SERVING, *, protect: bool = True
) -> list[tuple[str, int, str]]:
    options = proto.AnalyzerResourceOptions(protect=protect)
    request = proto.AnalyzeRequest(type=kind, name="iris", urn="urn:iris", properties=struct(inputs), options=options)
    return [
        (found.policyName, found.enforcementLevel, found.message.partition("\n")[2])
        for found in stub.Analyze(request).diagnostics
        if not found.message.partition("\n")[2].startswith(NO_HOST)
    ]


def analyze_stack(stub: Any) -> list[tuple[str, int]]:
    found = stub.AnalyzeStack(proto.AnalyzeStackRequest(resources=[])).diagnostics
    return [(each.policyName, each.enforcementLevel) for each in found]


def test_pack_offers_every_rule() -> None:
    with pack() as stub:
        info = stub.GetAnalyzerInfo(empty_pb2.Empty())
    levels = {"mandatory": proto.MANDATORY, "advisory": proto.ADVISORY}
    assert [(each.name, each.enforcementLevel, sorted(each.configSchema.properties)) for each in info.policies] == [
        (rule.name, levels[rule.level], sorted(rule.settings)) for rule in RULES
    ]


def test_violation_has_the_level_of_its_rule() -> None:
    with pack() as stub:
        ((name, level, message),) = analyze(stub, ASLEEP)
        assert (name, level) == ("production-stays-warm", proto.MANDATORY)
        assert message.startswith('Served entity "current" scales to zero')
        assert analyze(stub, ASLEEP, "aws:s3/bucket:Bucket") == []


@pytest.mark.parametrize("model", ["system.ai.planted", "system.ai.planted-" + "x" * 80])
def test_no_message_shows_a_secret(model: str) -> None:
    """The author of a pull request could move any encrypted value of the stack file into a field that is shown."""
    secret = {SIGNATURE_KEY: SECRET_SIGNATURE, "value": model}
    inputs = {**ASLEEP, "config": {"servedEntities": [{**ENTITY, "entityName": secret}]}}
    with pack("dev") as stub:
        found = {name: message for name, _, message in analyze(stub, inputs)}
    assert "[secret]" in found["supported-entity-types"]
    assert "planted" not in str(found)


def test_unreadable_workspace_is_a_violation() -> None:
    with pack("dev") as stub:
        request = proto.AnalyzeRequest(type=SERVING, name="iris", urn="urn:iris", properties=struct({"name": "iris"}))
        found = stub.Analyze(request).diagnostics
    assert [(each.policyName, each.enforcementLevel) for each in found] == [
        ("route-optimized-create-only", proto.MANDATORY)
    ]


def test_unreachable_workspace_ends_a_preview() -> None:
    away = {"host": "http://127.0.0.1:1", "token": "of-somebody"}
    warn = {"route-optimized-create-only": proto.PolicyConfig(properties=struct({"unreadable": "warn"}))}
    with pack("dev") as stub:
        with pytest.raises(grpc.RpcError) as raised:
            analyze(stub, away, DATABRICKS_PROVIDER)
        assert raised.value.details().startswith(
            "route-optimized-create-only: The workspace http://127.0.0.1:1 does not answer: [Errno 111] Connection"
            " refused. Without it a replacement can't be ruled out"
        )
        assert "of-somebody" not in raised.value.details()
        stub.Configure(proto.ConfigureAnalyzerRequest(policyConfig=warn))
        ((name, level, message),) = analyze(stub, away, DATABRICKS_PROVIDER)
        assert (name, level) == ("route-optimized-create-only", proto.ADVISORY)
        assert message.startswith("The workspace http://127.0.0.1:1 does not answer")


def test_configuration_sets_levels_and_settings() -> None:
    config = {
        "production-stays-warm": proto.PolicyConfig(
            enforcementLevel=proto.ADVISORY, properties=struct({"stacks": ["staging"]})
        ),
        "required-tags": proto.PolicyConfig(enforcementLevel=proto.DISABLED),
    }
    with pack("staging") as stub:
        stub.Configure(proto.ConfigureAnalyzerRequest(policyConfig=config))
        assert [(name, level) for name, level, _ in analyze(stub, ASLEEP)] == [
            ("production-stays-warm", proto.ADVISORY)
        ]


def test_invalid_configuration_is_refused() -> None:
    config = {"traffic-jump": proto.PolicyConfig(properties=struct({"pionts": 1}))}
    with pack() as stub, pytest.raises(grpc.RpcError, match='unknown setting "pionts"'):
        stub.Configure(proto.ConfigureAnalyzerRequest(policyConfig=config))


def test_alias_in_the_stack_file_is_reported() -> None:
    written = {"iris": {"served_entities": {"current": {"entity": "main.ml.iris@Champion"}}}}
    with pack(endpoints=written) as stub:
        assert [(name, level) for name, level, _ in analyze(stub, ASLEEP)] == [
            ("production-stays-warm", proto.MANDATORY),
            ("production-pins-versions", proto.ADVISORY),
        ]


def test_waived_violation_is_advisory() -> None:
    with pack(waivers=WAIVER) as stub:
        ((name, level, message),) = analyze(stub, ASLEEP)
        assert (name, level) == ("production-stays-warm", proto.ADVISORY)
        assert message.startswith('Waived until 9999-12-31 by "night" (owner risk): Night only.')
        assert analyze_stack(stub) == []


def test_unused_and_expired_waivers_are_reported() -> None:
    expired = {"night": {**WAIVER["night"], "expires": "2020-01-01"}}
    with pack("dev", WAIVER) as stub:
        assert analyze_stack(stub) == [("waivers", proto.ADVISORY)]
    with pack("dev", expired) as stub:
        ((name, level, message),) = analyze(stub, {}, "pulumi:pulumi:Stack")
        assert (name, level) == ("waivers", proto.MANDATORY)
        assert "expired on 2020-01-01" in message


def test_invalid_waiver_is_a_violation() -> None:
    with pack("dev", {"night": {}}) as stub:
        ((name, level, message),) = analyze(stub, {}, "pulumi:pulumi:Stack")
    assert (name, level) == ("waivers", proto.MANDATORY)
    expected = "stacks/Pulumi.dev.yaml:1:1 model-serving:waivers.night.rule: is required but missing"
    assert message.startswith(expected)


def test_pack_starts_without_databricks_packages() -> None:
    """Their import takes seconds. The SDK's is left to a thread that runs while the program starts."""
    script = (
        "import sys\n"
        "from model_serving.policies import rules\n"
        "from model_serving.policies.live import workspaces\n"
        "from model_serving.policies.pack import service\n"
        "print([name for name in sys.modules if name.startswith(('pulumi_databricks', 'databricks'))])"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=PACK.parent, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_pack_folder_has_no_other_modules() -> None:
    """The engine puts the folder on the path: a module here could shadow one that Pulumi needs to start."""
    assert sorted(file.name for file in PACK.glob("*.py")) == ["__init__.py", "__main__.py"]


def project(folder: Path, base: str) -> Path:
    """A project of that folder whose base.yaml is this text."""
    (folder / "Pulumi.yaml").write_text("name: model-serving\nstackConfigDir: stacks\n", encoding="utf-8")
    (folder / "stacks").mkdir()
    (folder / "stacks" / "base.yaml").write_text(base, encoding="utf-8")
    return folder


def initial(stub: Any) -> dict[str, Any]:
    """The levels and settings that the pack gives the engine to start with."""
    config = stub.GetAnalyzerInfo(empty_pb2.Empty()).initialConfig
    return {name: (each.enforcementLevel, dict(each.properties)) for name, each in config.items()}


BASE = """config:
  model-serving:policies:
    production: {stacks: [live]}
    traffic-jump: {level: mandatory, points: 25}
    production-is-protected: disabled
"""


def test_settings_of_both_files_reach_the_engine(tmp_path: Path) -> None:
    with pack("live", policies={"traffic-jump": {"points": 10}}, project=project(tmp_path, BASE)) as stub:
        given = initial(stub)
    assert given["traffic-jump"] == (proto.MANDATORY, {"points": 10})
    assert given["production-is-protected"] == (proto.DISABLED, {})
    assert given["permissions-declared"] == (proto.ADVISORY, {})
    assert [list(stacks) for stacks in given["production"][1].values()] == [["live"]]


@pytest.mark.parametrize(("stack", "found"), [("live", ["production-stays-warm"]), ("prod", [])])
def test_production_is_what_the_configuration_says(stack: str, found: list[str]) -> None:
    live = {"production": proto.PolicyConfig(properties=struct({"stacks": ["live"]}))}
    with pack(stack) as stub:
        stub.Configure(proto.ConfigureAnalyzerRequest(policyConfig=live))
        assert [name for name, _, _ in analyze(stub, ASLEEP)] == found


def test_mistake_in_base_yaml_has_its_place(tmp_path: Path) -> None:
    with pack("dev", project=project(tmp_path, BASE.replace("points", "point"))) as stub:
        ((name, level, message),) = analyze(stub, {}, "pulumi:pulumi:Stack")
        assert initial(stub)["traffic-jump"] == (proto.MANDATORY, {})
    assert (name, level) == ("policy-settings", proto.MANDATORY)
    place = "stacks/base.yaml:4:38 policies.traffic-jump.point"
    assert message == f'{place}: unknown setting "point". Did you mean "points"?'


def test_waiver_in_base_yaml_counts(tmp_path: Path) -> None:
    shared = "config: " + json.dumps({"model-serving:waivers": WAIVER})
    with pack(project=project(tmp_path, shared)) as stub:
        ((name, level, message),) = analyze(stub, ASLEEP)
        assert (name, level) == ("production-stays-warm", proto.ADVISORY)
        assert message.startswith('Waived until 9999-12-31 by "night"')
    with pack("dev", project=tmp_path) as stub:
        assert analyze_stack(stub) == [], "It waives something in another stack"
    with pack(waivers={"night": None}, project=tmp_path) as stub:
        assert [level for _, level, _ in analyze(stub, ASLEEP)] == [proto.MANDATORY]


def test_missing_project_folder_is_a_violation(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: another\n", encoding="utf-8")
    with pack("dev", name="unknown-project", project=tmp_path) as stub:
        ((name, level, message),) = analyze(stub, {}, "pulumi:pulumi:Stack")
    assert (name, level) == ("policy-settings", proto.MANDATORY)
    assert message == (
        "base.yaml:1:1: the folder of the project was not found. Set MODEL_SERVING_PROJECT to the folder of Pulumi.yaml"
    )
