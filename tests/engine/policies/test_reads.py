"""How often the pack reads the workspace, as the workspace's journal has it: in a preview nobody else does."""

from model_serving.policies.live.endpoints import MAX_UNLISTED_PROBES
from tests.support.raw_program import PREVIEW, UP, RawProgram, create_endpoint, post, reads

LISTING = "/api/2.0/serving-endpoints"
MANY = 30


def endpoints(prefix: str, count: int) -> str:
    return f"""
for n in range({count}):
    Endpoint(f"{prefix}-{{n}}", name=f"{prefix}-{{n}}", routeOptimized=True)
"""


def test_live_endpoints_are_read_once_each(raw: RawProgram) -> None:
    for n in range(MANY):
        create_endpoint(raw.sandbox.workspace, f"live-{n}", route_optimized=True)
    slow = {"pattern": "GET /api/2.0/serving-endpoints*", "times": -1, "delay_seconds": 0.05}
    post(raw.sandbox.workspace, "/_workspace/faults", slow)
    before = len(reads(raw.sandbox.workspace))
    preview = raw.run(endpoints("live", MANY), *PREVIEW)
    assert preview.status == 0, preview.text
    made = reads(raw.sandbox.workspace)[before:]
    assert made[0] == LISTING
    assert sorted(made[1:]) == sorted(f"{LISTING}/live-{n}" for n in range(MANY))


def test_preview_probes_only_a_few_new_endpoints(raw: RawProgram) -> None:
    before = len(reads(raw.sandbox.workspace))
    assert raw.run(endpoints("new", 10), *PREVIEW).status == 0
    in_preview = reads(raw.sandbox.workspace)[before:]
    assert (in_preview[0], len(in_preview)) == (LISTING, 1 + MAX_UNLISTED_PROBES)
    assert raw.run(endpoints("new", 10), *UP).status == 0
    asked = raw.sandbox.workspace.get("/_workspace/journal")["requests"]
    absent = [each["path"] for each in asked if each["method"] == "GET" and each["status"] == 404]
    assert set(absent[MAX_UNLISTED_PROBES:]) >= {f"{LISTING}/new-{n}" for n in range(10)}
