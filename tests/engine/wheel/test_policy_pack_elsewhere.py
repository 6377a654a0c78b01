"""A program elsewhere runs under the policy pack of the wheel."""

from tests.support.installed_wheel import InstalledWheel, succeed
from tests.support.raw_program import PREVIEW, UP, RawProgram, Violation, create_endpoint, violations
from tests.support.sandbox import Sandbox

PROJECT_FILE = "name: elsewhere\nruntime: {name: python, options: {virtualenv: .venv, toolchain: pip}}\n"


def test_the_pack_of_the_wheel_refuses_what_the_checkout_s_does(elsewhere: Sandbox, installed: InstalledWheel) -> None:
    pack = succeed(installed.bin / "model-serving", "policy-pack", folder=elsewhere.folder).strip()
    (elsewhere.folder / "Pulumi.yaml").write_text(PROJECT_FILE, encoding="utf-8")
    elsewhere.pulumi("stack", "init", "test")
    create_endpoint(elsewhere.workspace, "live", route_optimized=True)
    program = RawProgram(elsewhere)
    writes = elsewhere.workspace.writes()

    refused = program.run(REFUSED, *PREVIEW, "--policy-pack", pack, policies=False)
    assert refused.refused, refused.text
    assert {
        Violation("route-optimized-create-only", "ModelServing", "live"),
        Violation("supported-entity-types", "ModelServing", "chat"),
    } <= violations(refused.text)
    assert elsewhere.workspace.writes() == writes

    (elsewhere.folder / "base.yaml").write_text(SETTINGS, encoding="utf-8")
    accepted = program.run(ACCEPTED, *UP, "--policy-pack", pack, policies=False)
    assert accepted.status == 0, accepted.text
    assert violations(accepted.text) == {Violation("required-tags", "ModelServing", "new", "advisory")}


REFUSED = """
Endpoint("live", name="live", routeOptimized=False)
Endpoint("chat", name="chat", config={"servedEntities": [{"name": "current", "entityName": "system.ai.llama"}]})
"""
SETTINGS = """config:
  model-serving:policies:
    permissions-declared: disabled
    required-tags: {level: advisory, stacks: [test]}
"""
ACCEPTED = 'Endpoint("new", name="new", routeOptimized=True)'
