"""How often the pack reads the workspace, as the workspace's journal has it: in a preview nobody else does."""

import pytest

from model_serving.policies.live.endpoints import BELIEVED_AFTER
from tests.support.raw_program import PREVIEW, UP, Bare, create_endpoint, post, reads

pytestmark = pytest.mark.engine

LISTING = "/api/2.0/serving-endpoints"
MANY = 30


def endpoints(prefix: str, count: int) -> str:
    return f"""
for n in range({count}):
    Endpoint(f"{prefix}-{{n}}", name=f"{prefix}-{{n}}", routeOptimized=True)
"""


def test_live_endpoints_cost_one_listing_and_one_read_each_however_slow_they_are(bare: Bare) -> None:
    for n in range(MANY):
        create_endpoint(bare.stage.workspace, f"live-{n}", route_optimized=True)
    slow = {"pattern": "GET /api/2.0/serving-endpoints*", "times": -1, "delay_seconds": 0.05}
    post(bare.stage.workspace, "/_workspace/faults", slow)
    before = len(reads(bare.stage.workspace))
    preview = bare.run(endpoints("live", MANY), *PREVIEW)
    assert preview.status == 0, preview.text
    made = reads(bare.stage.workspace)[before:]
    assert made[0] == LISTING
    assert sorted(made[1:]) == sorted(f"{LISTING}/live-{n}" for n in range(MANY))


def test_the_preview_of_new_endpoints_looks_for_a_few_and_up_for_each(bare: Bare) -> None:
    before = len(reads(bare.stage.workspace))
    assert bare.run(endpoints("new", 10), *PREVIEW).status == 0
    in_preview = reads(bare.stage.workspace)[before:]
    assert (in_preview[0], len(in_preview)) == (LISTING, 1 + BELIEVED_AFTER)
    assert bare.run(endpoints("new", 10), *UP).status == 0
    asked = bare.stage.workspace.get("/_workspace/journal")["requests"]
    absent = [each["path"] for each in asked if each["method"] == "GET" and each["status"] == 404]
    assert set(absent[BELIEVED_AFTER:]) >= {f"{LISTING}/new-{n}" for n in range(10)}
