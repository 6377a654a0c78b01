"""`model-serving status`: what it prints, its exit status, and how many requests it makes."""

import contextlib
import io
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from model_serving.cli.main import main
from model_serving.databricks import call_clock, client
from model_serving.databricks.resource_types import ROLLOUT_RECORD
from model_serving.operations.live import collect
from model_serving.operations.live.collect import Collector
from model_serving.operations.live.targets import read_targets
from model_serving.spec.rollout_record import Approval, Entry, Owner, Record, Status, Verdict

LISTING = "/api/2.0/serving-endpoints"
COMPONENT, RESOURCE = "model-serving:index:ServingEndpoint", "databricks:index/modelServing:ModelServing"


def entity(name: str, version: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "entity_name": "main.ml.fraud",
        "entity_version": version,
        "workload_size": "Small",
        "scale_to_zero_enabled": False,
        **more,
    }


def split(**shares: int) -> dict[str, Any]:
    return {"routes": [{"served_entity_name": name, "traffic_percentage": each} for name, each in shares.items()]}


@dataclass
class Operator:
    """Somebody in the folder of a project whose stack `dev` has endpoints in the workspace `frozen`."""

    frozen: Any
    folder: Path
    environment: dict[str, str]

    def declare(self, **endpoints: dict[str, str]) -> None:
        """Write the stack file: versions by served entity, and `traffic` where there are two."""
        declared = {
            key: {
                "served_entities": {
                    name: {"entity": "main.ml.fraud", "version": version, "workload_size": "Small"}
                    for name, version in entities.items()
                },
                **({"traffic": {"one": 95, "two": 5}} if len(entities) > 1 else {}),
            }
            for key, entities in endpoints.items()
        }
        config = {"databricks:host": self.frozen.origin, "model-serving:endpoints": declared}
        (self.folder / "stacks" / "Pulumi.dev.yaml").write_text(json.dumps({"config": config}))

    def create(self, key: str, *entities: dict[str, Any], **more: Any) -> None:
        shares = dict(zip((each["name"] for each in entities), (95, 5), strict=False)) if len(entities) > 1 else {}
        traffic = {"traffic_config": split(**shares)} if shares else {}
        self.frozen.call("POST", LISTING, {"name": key, "config": {"served_entities": entities, **traffic}, **more})

    def record(self, *keys: str, rollout: Record | None = None) -> None:
        """Write the state: these endpoints as they are now, the first with the record of a rollout."""
        resources: list[dict[str, Any]] = []
        if rollout:
            urn = f"urn:pulumi:dev::p::{ROLLOUT_RECORD}::{keys[0]}-rollout"
            resources += [{"urn": urn, "type": ROLLOUT_RECORD, "outputs": {"record": rollout.to_json()}}]
        ids = {each["name"]: each["id"] for each in self.frozen.call("GET", LISTING)["endpoints"]}
        for key in keys:
            parent = f"urn:pulumi:dev::p::{COMPONENT}::{key}"
            outputs = {"name": key, "servingEndpointId": ids[key], "routeOptimized": False}
            resources += [
                {"urn": parent, "type": COMPONENT, "outputs": {}},
                {"urn": f"{parent}${RESOURCE}::{key}", "type": RESOURCE, "parent": parent, "outputs": outputs},
            ]
        (self.folder / "state.json").write_text(json.dumps({"deployment": {"resources": resources}}))

    def run(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(["status", "--stack", "dev", *arguments])
        return status, out.getvalue(), err.getvalue()

    def endpoints(self, *arguments: str) -> dict[str, Any]:
        """The endpoints of `--json` by key."""
        _, out, err = self.run("--json", *arguments)
        assert not err
        return {each["key"]: each for each in json.loads(out)["endpoints"]}


@pytest.fixture
def operator(frozen: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    (tmp_path / "stacks").mkdir()
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n[ -f state.json ] || { echo \"error: no stack named 'dev' found\" >&2; exit 1; }\ncat state.json\n"
    )
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///state")
    monkeypatch.setenv("DATABRICKS_TOKEN", frozen.credentials.token)
    monkeypatch.setenv("COLUMNS", "100")
    yield Operator(frozen, tmp_path, {})
    client._connected.clear()  # noqa: SLF001


@pytest.fixture
def serving(operator: Operator) -> Operator:
    """Two endpoints that are deployed as declared."""
    operator.declare(fraud={"one": "7", "two": "8"}, plain={"one": "2"})
    operator.create("fraud", entity("one", "7"), entity("two", "8"), route_optimized=False)
    operator.create("plain", entity("one", "2"))
    operator.frozen.clock.advance(60)
    operator.record("fraud", "plain")
    return operator


def test_ready_endpoints_have_status_0(serving: Operator) -> None:
    status, out, err = serving.run()
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert [line.split()[:6] for line in lines[:4]] == [
        ["endpoint", "state", "serves", "req/s", "errors", "p95"],
        ["●", "fraud", "ready", "one", "v7", "95"],
        ["two", "v8", "5", "%"],
        ["●", "plain", "ready", "one", "v2", "0"],
    ]
    assert lines[-2].startswith("2 ready · figures of the minute to ")
    assert lines[-1].startswith(f"dev at {serving.frozen.origin} · ")


def test_figures_are_of_the_last_minute(serving: Operator) -> None:
    place = f"{serving.frozen.origin}/serving-endpoints/plain/invocations"
    headers = {"Authorization": f"Bearer {serving.frozen.credentials.token}"}
    with httpx.Client(headers=headers, verify=False) as http:  # noqa: S501  plain HTTP
        answers = [
            http.post(place, json={"dataframe_records": [{"amount": 1}]} if number else {}).status_code
            for number in range(6)
        ]
    assert answers == [400, 200, 200, 200, 200, 200]
    serving.frozen.clock.advance(60)
    plain = serving.endpoints()["plain"]
    figures = plain["figures"]
    assert (figures["requests"], figures["seconds"], figures["requests_per_second"]) == (6, 60, 0.1)
    assert figures["error_rate"] == pytest.approx(1 / 6)
    assert figures["p95_ms"] > 0
    assert plain["entities"][0]["figures"] == figures
    assert plain["figures_until"].startswith("2026-09-21T14:1")
    (line,) = [line for line in serving.run()[1].splitlines() if "plain" in line]
    assert line.split()[5:8] == ["0.10", "16.67", "%"]


def test_an_update_is_no_failure(serving: Operator) -> None:
    serving.declare(fraud={"one": "7", "two": "8"}, plain={"one": "3"})
    serving.frozen.call("PUT", f"{LISTING}/plain/config", {"served_entities": [entity("one", "3")]})
    status, out, _ = serving.run()
    assert (status, "updating" in out, "v2 → v3" in out) == (0, True, True)
    plain = serving.endpoints()["plain"]
    assert (plain["state"], plain["serves"], plain["drift"]) == ("updating", "everything", [])
    assert plain["updating_since"].startswith("2026-")
    assert (plain["config_version"], plain["pending_config_version"]) == (1, 2)
    serving.frozen.clock.advance(2)
    (one,) = serving.endpoints("plain")["plain"]["entities"]
    assert (one["active"]["version"], one["pending"]["version"], one["pending"]["state"]) == ("2", "3", "creating")
    assert one["build_log"]


def test_a_failed_update_shows_its_reason(serving: Operator) -> None:
    broken = {"models": {"main.ml.fraud": {"versions": {9: {"fails": "no numpy"}}}}}
    serving.frozen.call("POST", "/_workspace/seed", broken)
    body = {"served_entities": [entity("one", "7"), entity("two", "9")], "traffic_config": split(one=50, two=50)}
    serving.frozen.call("PUT", f"{LISTING}/fraud/config", body)
    serving.frozen.clock.advance(60)
    status, out, _ = serving.run()
    assert status == 1
    assert "two v8 (v9 failed) 5 %" in out
    below = out[out.index("fraud  the last update failed") :]
    assert "two (main.ml.fraud v9) failed: no numpy" in below
    assert "ERROR: no numpy" in below
    fraud = serving.endpoints()["fraud"]
    assert (fraud["state"], fraud["serves"]) == ("failed", "everything")


def test_a_failing_entity_serves_in_part(serving: Operator) -> None:
    failure = {"entity": "two", "message": "out of \x1b[31mmemory"}
    serving.frozen.call("POST", "/_workspace/endpoints/fraud/failures", failure)
    status, out, _ = serving.run("fraud")
    assert (status, "failed, serves part" in out, "failed: out of memory" in out) == (1, True, True)
    assert "\x1b" not in out


def test_stopped_and_missing_endpoints_have_status_1(serving: Operator) -> None:
    serving.frozen.call("POST", f"{LISTING}/plain/config:stop")
    serving.frozen.call("DELETE", f"{LISTING}/fraud")
    status, out, _ = serving.run()
    assert status == 1
    found = {key: (each["state"], each["serves"]) for key, each in serving.endpoints().items()}
    assert found == {"fraud": ("missing", "nothing"), "plain": ("stopped", "nothing")}
    assert "it is not in the workspace. `pulumi up --refresh` creates it again" in out


def test_a_declared_endpoint_may_not_be_deployed(serving: Operator) -> None:
    serving.declare(fraud={"one": "7", "two": "8"}, plain={"one": "2"}, new={"one": "2"})
    assert serving.run()[0] == 2
    assert serving.endpoints()["new"]["state"] == "not_deployed"


def test_drift_has_status_2(serving: Operator) -> None:
    serving.declare(fraud={"one": "7", "two": "9"})
    serving.frozen.call("DELETE", f"{LISTING}/fraud")
    serving.create("fraud", entity("one", "7"), entity("two", "8"), route_optimized=True)
    serving.frozen.clock.advance(60)
    assert serving.run()[0] == 2
    endpoints = serving.endpoints()
    assert endpoints["fraud"]["drift"] == [
        "it was deleted and created again under this name, outside of this stack",
        "route_optimized is true instead of false",
        "served_entities.two.version is 8 instead of 9",
    ]
    assert (endpoints["plain"]["declared"], endpoints["plain"]["state"]) == (False, "ready")


def test_traffic_and_aliases_are_compared(serving: Operator) -> None:
    body = {"served_entities": [entity("one", "7"), entity("two", "8")], "traffic_config": split(one=50, two=50)}
    serving.frozen.call("PUT", f"{LISTING}/fraud/config", body)
    serving.frozen.clock.advance(60)
    file = serving.folder / "stacks" / "Pulumi.dev.yaml"
    file.write_text(
        file.read_text().replace('"entity": "main.ml.fraud", "version": "7"', '"entity": "main.ml.fraud@Champion"')
    )
    assert serving.endpoints()["fraud"]["drift"] == ["traffic is one 50 %, two 50 % instead of one 95 %, two 5 %"]
    serving.frozen.call("PUT", "/api/2.1/unity-catalog/models/main.ml.fraud/aliases/Champion", {"version_num": 6})
    drift = serving.endpoints()["fraud"]["drift"]
    assert "served_entities.one.version is 7 instead of 6 (main.ml.fraud@Champion is version 6)" in drift


def test_settings_by_hand_are_drift(serving: Operator) -> None:
    path = f"{LISTING}/plain"
    serving.frozen.call("PATCH", f"{path}/tags", {"add_tags": [{"key": "by", "value": "hand"}]})
    serving.frozen.call("PUT", f"{path}/ai-gateway", {"usage_tracking_config": {"enabled": True}})
    serving.frozen.call("PATCH", f"{path}/notifications", {"email_notifications": {"on_update_failure": ["a@b.c"]}})
    assert serving.endpoints()["plain"]["drift"] == [
        "tags.by is hand, and not declared",
        "ai_gateway is usage_tracking true, and not declared",
        "email_notifications is on_update_failure a@b.c, and not declared",
    ]


def test_status_works_without_the_state(serving: Operator) -> None:
    (serving.folder / "state.json").unlink()
    status, out, _ = serving.run()
    assert (status, out.count("ready")) == (0, 3)
    assert "note: Without Pulumi's state, endpoints are read by the names in the stack files" in out
    serving.frozen.call("DELETE", f"{LISTING}/plain")
    assert serving.endpoints()["plain"]["state"] == "missing"


def test_an_endpoint_that_the_caller_may_not_view(serving: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    _, settings = serving.frozen.principal()
    monkeypatch.delenv("DATABRICKS_TOKEN")
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", settings["clientId"])
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", settings["clientSecret"])
    status, out, _ = serving.run()
    assert (status, out.count("you may not view it")) == (1, 2)


def test_missing_credentials_are_an_error(serving: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABRICKS_TOKEN")
    status, out, err = serving.run()
    assert (status, out) == (1, "")
    assert f"No credentials for {serving.frozen.origin} are set" in err


def test_an_endpoint_of_others_is_drift(serving: Operator) -> None:
    serving.record("fraud")
    drift = "it exists, but not in the state of this stack"
    assert serving.endpoints()["plain"]["drift"] == [drift]
    serving.declare(fraud={"one": "7", "two": "8"}, new={"one": "2"})
    serving.create("new", entity("one", "2"))
    assert serving.endpoints()["new"]["drift"] == []
    serving.frozen.clock.advance(60)
    assert serving.endpoints()["new"]["drift"] == [drift]


def test_a_watch_reads_the_state_again(serving: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    collector = Collector(lambda: read_targets("dev"))
    monkeypatch.setattr(collect, "_FRESH_SECONDS", 0)
    serving.record("fraud")
    assert [each.key for each in collector.collect().endpoints if each.drift] == ["plain"]
    serving.folder.joinpath("stacks/Pulumi.dev.yaml").write_text("config: [")
    serving.folder.joinpath("state.json").unlink()
    assert [each.key for each in collector.collect().endpoints if each.drift] == ["plain"]


def test_waiting_is_reported_on_standard_error(serving: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_clock, "FIRST_MESSAGE_SECONDS", 0)
    fault = {"pattern": f"GET {LISTING}/*", "status": 503, "body": "busy", "times": 2}
    serving.frozen.call("POST", "/_workspace/faults", fault)
    status, out, err = serving.run("--json")
    assert (status, len(json.loads(out)["endpoints"])) == (0, 2)
    assert f"The workspace {serving.frozen.origin} answers 503 (busy) to GET" in err


def test_a_stack_may_have_no_endpoints(operator: Operator) -> None:
    operator.declare()
    operator.record()
    status, out, _ = operator.run()
    assert (status, out.splitlines()[0]) == (0, "This stack has no endpoints")


def rollout(status: Status, *, reason: str = "") -> Record:
    start, half, target = {"one": 100, "two": 0}, {"one": 50, "two": 50}, {"one": 95, "two": 5}
    entries = (
        Entry("2026-09-21T14:00:00+00:00", "r1", start, {"one": 75, "two": 25}, Verdict.PASSED),
        Entry("2026-09-21T14:10:00+00:00", "r1", {"one": 75, "two": 25}, half, Verdict.FAILED, reason="p95 90 ms"),
    )
    return Record("1", "r1", status, Owner(), Approval(), start, target, {}, half, start, "s", reason, entries=entries)


def test_a_running_rollout_is_no_drift(serving: Operator) -> None:
    body = {"served_entities": [entity("one", "7"), entity("two", "8")], "traffic_config": split(one=50, two=50)}
    serving.frozen.call("PUT", f"{LISTING}/fraud/config", body)
    serving.frozen.clock.advance(60)
    assert serving.run()[0] == 2
    serving.record("fraud", "plain", rollout=rollout(Status.RUNNING))
    status, out, _ = serving.run()
    assert status == 0
    line = "fraud rollout running: one 50 %, two 50 %, to one 95 %, two 5 %; nobody goes on with it: deploy again"
    assert line in " ".join(out.split())
    owner = Owner("ci-7", 7, until="2999-01-01T00:00:00+00:00")
    serving.record("fraud", "plain", rollout=replace(rollout(Status.RUNNING), owner=owner))
    assert "process 7 on ci-7 goes on with it, if it has not ended" in " ".join(serving.run()[1].split())
    found = serving.endpoints()["fraud"]["rollout"]
    assert (found["status"], found["run"], [each["verdict"] for each in found["entries"]]) == (
        "running",
        "r1",
        ["passed", "failed"],
    )


def test_a_failed_rollout_shows_its_history(serving: Operator) -> None:
    serving.record("fraud", "plain", rollout=rollout(Status.FAILED, reason="50 %: p95 90 ms"))
    status, out, _ = serving.run()
    assert (status, "fraud  the last rollout failed at 50 %: p95 90 ms" in out) == (0, True)
    lines = [" ".join(line.split()) for line in serving.run("fraud")[1].splitlines()]
    first = lines.index("rollout failed, from one 100 % to one 95 %, two 5 %")
    assert lines[first + 1 : first + 3] == [
        "2026-09-21 14:10 UTC one 50 %, two 50 % failed: p95 90 ms",
        "2026-09-21 14:00 UTC one 75 %, two 25 % passed",
    ]


def requests_of(serving: Operator, call: Callable[[], Any]) -> Counter[str]:
    before = len(serving.frozen.call("GET", "/_workspace/journal")["requests"])
    call()
    made = serving.frozen.call("GET", "/_workspace/journal")["requests"][before + 1 :]
    kinds = {LISTING: "listing"}
    return Counter(
        kinds.get(each["path"], "metrics" if each["path"].endswith("/metrics") else "endpoint")
        for each in made
        if each["path"].startswith(LISTING)
    )


def test_a_few_endpoints_need_no_listing(serving: Operator) -> None:
    assert requests_of(serving, serving.run) == {"endpoint": 2, "metrics": 2}


def test_200_endpoints_need_one_listing(operator: Operator) -> None:
    keys = [f"e{number:03}" for number in range(200)]
    operator.declare(**{key: {"one": "2"} for key in keys})
    headers = {"Authorization": f"Bearer {operator.frozen.credentials.token}"}
    with httpx.Client(headers=headers, verify=False) as http:  # noqa: S501  plain HTTP
        for number, key in enumerate(keys):
            body = {"name": key, "config": {"served_entities": [entity("one", "2")]}}
            http.post(operator.frozen.origin + LISTING, json=body).raise_for_status()
            operator.frozen.clock.advance(0 if number % 40 else 301)  # the quota of changes
    operator.frozen.clock.advance(301)
    operator.record(*keys)
    operator.frozen.call("PUT", f"{LISTING}/e150/config", {"served_entities": [entity("one", "3")]})
    operator.frozen.call("POST", f"{LISTING}/e199/config:stop")
    assert requests_of(operator, operator.run) == {"listing": 1, "endpoint": 50, "metrics": 49}
    status, out, _ = operator.run()
    assert status == 1
    assert "Of 150 of 200 endpoints only the state and the versions were read" in " ".join(out.split())
    endpoints = operator.endpoints()
    assert {key for key, each in endpoints.items() if each["read_from"] == "endpoint"} == {
        "e150",
        "e199",
        *keys[:48],
    }
    assert requests_of(operator, lambda: operator.run("e100")) == {"endpoint": 1, "metrics": 1}


def test_cost_and_capacity_are_shown(serving: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    place = serving.folder / "stacks" / "Pulumi.dev.yaml"
    written = json.loads(place.read_text())
    written["config"]["model-serving:prices"] = {"per_dbu": 0.07, "currency": "EUR"}
    load = {"requests_per_second": 300, "time_per_request": "40ms"}
    written["config"]["model-serving:endpoints"]["plain"]["expected"] = load
    place.write_text(json.dumps(written))
    status, out, _ = serving.run("--json")
    document = json.loads(out)
    found = {each["key"]: each for each in document["endpoints"]}
    assert (status, found["fraud"]["cost"]["per_month"]) == (0, {"low": "408.8", "high": "408.8"})
    assert document["totals"]["cost"]["dbu_per_hour"] == {"low": "12", "high": "12"}
    assert [each["enough"] for each in found["plain"]["capacity"][0]["entities"]] == [False]
    monkeypatch.setenv("COLUMNS", "140")
    _, wide, _ = serving.run()
    assert "409 EUR/month" in wide
    assert "cost of all endpoints: 613 EUR/month" in wide
    _, detail, _ = serving.run("plain")
    assert "one (100 %) needs 12 of 4: too few" in detail


@pytest.fixture
def migrating(serving: Operator) -> Operator:
    """The same stack while a successor of `plain` is live beside it."""
    file, state = serving.folder / "stacks" / "Pulumi.dev.yaml", serving.folder / "state.json"
    text = json.loads(file.read_text())
    text["config"]["model-serving:endpoints"]["plain"] |= {"name": "plain-2", "predecessor": {"name": "plain"}}
    file.write_text(json.dumps(text))
    serving.create("plain-2", entity("one", "2"))
    serving.frozen.clock.advance(60)
    serving.record("fraud", "plain", "plain-2")
    resources = json.loads(state.read_text().replace("::plain-2", "::plain/plain-2"))
    (component,) = [
        each for each in resources["deployment"]["resources"] if each["urn"].endswith(f"::{COMPONENT}::plain")
    ]
    component["inputs"] = {"predecessor": True}
    state.write_text(json.dumps(resources))
    return serving


def test_both_endpoints_of_a_migration_have_their_roles(migrating: Operator) -> None:
    status, out, err = migrating.run()
    assert (status, err) == (0, "")
    who = "Who still calls it: model-serving migrate plain --status --stack dev"
    assert f"predecessor: its callers move to plain-2. {who}" in " ".join(out.split())
    found = migrating.endpoints()
    assert {key: (each["name"], (each.get("migration") or {}).get("role")) for key, each in found.items()} == {
        "fraud": ("fraud", None),
        "plain": ("plain-2", "successor"),
        "plain.predecessor": ("plain", "predecessor"),
    }
    _, detail, _ = migrating.run("plain.predecessor")
    assert "predecessor of plain-2" in " ".join(detail.split())


def test_migration_that_is_not_deployed_yet_differs(serving: Operator) -> None:
    file = serving.folder / "stacks" / "Pulumi.dev.yaml"
    text = json.loads(file.read_text())
    text["config"]["model-serving:endpoints"]["plain"] |= {"name": "plain-2", "predecessor": {"name": "plain"}}
    file.write_text(json.dumps(text))
    found = serving.endpoints()
    assert (found["plain"]["state"], found["plain.predecessor"]["state"]) == ("not_deployed", "ready")
    assert found["plain.predecessor"]["drift"] == []
