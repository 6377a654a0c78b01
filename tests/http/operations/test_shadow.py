"""`model-serving shadow`: requests of a file and of inference tables, bounds, reports, and what is left out."""

import itertools
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from model_serving.cli.shadow import shadow_command
from model_serving.databricks import client
from model_serving.delivery.rollout.gate.shadow import broken_agreement
from model_serving.errors import UserError
from model_serving.operations.connection import connect
from model_serving.operations.outputs import read_outputs
from model_serving.operations.shadow import table_requests
from model_serving.spec.vocabulary.rollout import ShadowGate
from tests.support.running_workspace import PROJECT

PLACE = {"catalog_name": "main", "schema_name": "ml", "enabled": True}
WAREHOUSE = {"DATABRICKS_WAREHOUSE_ID": "0123456789abcdef"}
FAST = ("--rate", "1000/s")
SECRET = "4111-1111"  # planted in requests
Make = Callable[..., str]
_numbers = itertools.count()


@pytest.fixture
def make(deployed: Any) -> Make:
    """Deploys an endpoint with the entities `champion` (version 7) and `shadow`, which has no traffic."""

    def make(shadow: str = "8", model: str = "main.ml.fraud", **members: Any) -> str:
        name, workspace = f"payments-{next(_numbers)}", deployed.workspace
        versions = {"champion": "7" if model == "main.ml.fraud" else "1", "shadow": shadow}
        served = [
            {"name": entity, "entity_name": model, "entity_version": version, "workload_size": "Small"}
            for entity, version in versions.items()
        ]
        routes = [{"served_entity_name": each, "traffic_percentage": 100 * (each == "champion")} for each in versions]
        config = {"served_entities": served, "traffic_config": {"routes": routes}} | members.pop("config", {})
        made = workspace.post("/api/2.0/serving-endpoints", {"name": name, "config": config} | members)
        found = workspace.get(f"/api/2.0/serving-endpoints/{name}")
        url = found.get("endpoint_url") or f"{workspace.url}/serving-endpoints/{name}/invocations"
        optimized = bool(members.get("route_optimized"))
        address = {"name": name, "id": made["id"], "url": url, "route_optimized": optimized}
        deployed.outputs["endpoints"][name] = address
        caller = deployed.outputs["service_principals"]["checkout"]["application_id"]
        entry = {"service_principal_name": caller, "permission_level": "CAN_QUERY"}
        workspace.patch(f"/api/2.0/permissions/serving-endpoints/{made['id']}", {"access_control_list": [entry]})
        deployed.publish()
        return name

    return make


@pytest.fixture
def shadow(deployed: Any) -> Callable[..., Any]:
    """Runs `model-serving shadow` with the administrator's credentials for the table, and as `checkout` otherwise."""

    def run(name: str, *options: str, entity: str = "shadow", **environment: str) -> Any:
        mine = {"DATABRICKS_TOKEN": deployed.workspace.token} | WAREHOUSE | environment
        return deployed.run("shadow", name, entity, "--as", "checkout", *FAST, *options, **mine)

    return run


def ask(deployed: Any, name: str, *requests: dict[str, Any]) -> None:
    """Queries the endpoint, as its callers do."""
    asked = deployed.run("query", name, "--as", "checkout", "--data", deployed.request(list(requests)))
    assert asked.status == 0, asked.err


PAYMENTS = [{"dataframe_records": [{"amount": number, "card": SECRET}]} for number in range(12)]


@pytest.mark.parametrize(("route_optimized"), [False, True], ids=["plain", "route optimized"])
def test_requests_of_a_file_are_compared(
    deployed: Any, make: Make, shadow: Callable[..., Any], route_optimized: bool
) -> None:
    name = make(route_optimized=route_optimized)
    ran = shadow(name, "--data", deployed.request(PAYMENTS), "--json")
    assert ran.status == 0, ran.err
    report = json.loads(ran.out)
    assert (report["compared"], report["agreeing"], report["agreement"]) == (12, 0, 0.0)
    assert (report["live"]["requests"], report["shadow"]["requests"]) == (12, 12)
    (field,) = report["fields"]
    assert (field["path"], field["differing"]) == ("predictions[]", 12)
    assert 0 < field["numbers"]["mean"] <= field["numbers"]["maximum"] <= 1


def test_the_same_version_agrees(deployed: Any, make: Make, shadow: Callable[..., Any]) -> None:
    ran = shadow(make("7"), "--data", deployed.request(PAYMENTS))
    assert re.match(
        r"shadow of payments-\d+ agrees with the live answers to 12 of 12 requests of request.json \(100 %\)\n",
        ran.out,
    )


TABLES = {
    "auto capture": {"config": {"auto_capture_config": PLACE}},
    "gateway": {"ai_gateway": {"inference_table_config": PLACE}},
}


@pytest.mark.parametrize("members", TABLES.values(), ids=TABLES)
def test_recorded_requests_are_replayed(
    deployed: Any, make: Make, shadow: Callable[..., Any], members: dict[str, Any]
) -> None:
    name = make("7", **members)
    ask(deployed, name, *PAYMENTS)
    ran = shadow(name, "--from-inference-table", "--json")
    assert ran.status == 0, ran.err
    report = json.loads(ran.out)
    assert (report["source"], report["recorded"]) == (f"main.ml.{name}_payload", True)
    assert (report["compared"], report["agreement"]) == (12, 1.0)
    asked = [
        request["path"].removeprefix(f"/serving-endpoints/{name}")
        for request in deployed.workspace.get("/_workspace/journal")["requests"]
        if request["path"].startswith(f"/serving-endpoints/{name}/")
    ]
    assert asked == ["/invocations"] * 12 + ["/served-models/shadow/invocations"] * 12


def test_replayed_requests_are_marked_and_left_out_later(deployed: Any, make: Make, shadow: Callable[..., Any]) -> None:
    name = make(**TABLES["auto capture"])
    ask(deployed, name, *PAYMENTS[:3])
    for _ in range(2):
        report = json.loads(shadow(name, "--from-inference-table", "--json").out)
        assert report["compared"] == 3
    rows = deployed.workspace.get(f"/_workspace/tables/main.ml.{name}_payload")["rows"]
    marked = [row for row in rows if str(row["client_request_id"]).startswith("model-serving-shadow/")]
    assert (len(rows), len(marked)) == (9, 6)


@pytest.mark.parametrize("members", TABLES.values(), ids=TABLES)
def test_rows_that_cannot_be_compared_are_counted(
    deployed: Any, make: Make, shadow: Callable[..., Any], members: dict[str, Any]
) -> None:
    name = make(**members)
    path = f"/serving-endpoints/{name}/invocations"
    ask(deployed, name, PAYMENTS[0])
    with pytest.raises(Exception, match="400"):
        deployed.workspace.post(path, {"rows": []})
    deployed.workspace.post(path, {"inputs": ["x" * 1024 * 1024]})
    deployed.workspace.post(path.replace("/inv", "/served-models/shadow/inv"), PAYMENTS[1])
    report = json.loads(shadow(name, "--from-inference-table", "--json").out)
    skipped = {"too long to be recorded": 1, "answered with an error": 1}
    if "ai_gateway" in members:  # its table has an id of the entity that no API returns
        assert (report["compared"], report["skipped"]) == (2, skipped)
    else:
        assert (report["compared"], report["skipped"]) == (1, skipped | {"answered by the served entity itself": 1})


def test_newest_requests_are_replayed_first(deployed: Any, make: Make, shadow: Callable[..., Any]) -> None:
    name = make(**TABLES["auto capture"])
    ask(deployed, name, *PAYMENTS)
    assert json.loads(shadow(name, "--from-inference-table", "--limit", "5", "--json").out)["compared"] == 5


def test_bounds_decide_the_status(deployed: Any, make: Make, shadow: Callable[..., Any]) -> None:
    data = deployed.request(PAYMENTS)
    held = shadow(make("7"), "--data", data, "--agreement-at-least", "99%", "--errors-at-most", "1%")
    broken = shadow(make(), "--data", data, "--agreement-at-least", "99%", "--p95-at-most", "1h")
    assert (held.status, "BROKEN" in held.out) == (0, False)
    assert broken.status == 3
    broken = shadow(make(), "--data", data, "--agreement-at-least", "99%")
    assert broken.status == 1
    assert broken.out.endswith("BROKEN: agreement is 0 %; at least 99 %\n")


def test_a_slow_and_failing_version_breaks_its_bounds(deployed: Any, make: Make, shadow: Callable[..., Any]) -> None:
    answers = {"latency": "120ms", "fails": "25%"}
    seed = {"models": {"main.ml.slow": {"versions": {"1": None, "8": {"answers": answers}}}}}
    deployed.workspace.post("/_workspace/seed", seed)
    name = make("8", "main.ml.slow")
    bounds = ("--p95-at-most", "100ms", "--errors-at-most", "10%")
    ran = shadow(name, "--data", deployed.request(PAYMENTS), "--concurrency", "8", *bounds)
    assert ran.status == 1
    assert re.search(r"^errors +0 +\d \([\d.]+ %\): \d x 500$", ran.out, re.MULTILINE)
    assert re.search(r"BROKEN: error rate is [\d.]+ %; at most 10 %\nBROKEN: p95 is [\d.]+ ms; at most 100 ms", ran.out)


def test_chat_answers_are_compared_by_their_texts(deployed: Any, make: Make, shadow: Callable[..., Any]) -> None:
    name = make("2", "main.ml.assistant")
    questions = [{"messages": [{"role": "user", "content": word}]} for word in ("fraud?", "refund?", "limit?")]
    ran = shadow(name, "--data", deployed.request([*questions, questions[0] | {"stream": True}]), "--json")
    report = json.loads(ran.out)
    assert (report["compared"], report["agreeing"]) == (4, 3)
    assert [field["path"] for field in report["fields"]] == ["[].choices.text"]
    assert report["texts"]["live"] > 0


def test_reports_are_written_without_a_value(deployed: Any, make: Make, shadow: Callable[..., Any]) -> None:
    name = make(**TABLES["gateway"])
    ask(deployed, name, *PAYMENTS)
    ran = shadow(name, "--from-inference-table", "--output", "report.md", "--output", "report.json")
    markdown, report = ((deployed.folder / file).read_text() for file in ("report.md", "report.json"))
    assert json.loads(report)["compared"] == 12
    assert markdown.startswith("### Shadow run of shadow: done\n")
    assert "| predictions[] | 12 of 12 |" in markdown
    for text in (ran.out, ran.err, markdown, report):
        assert SECRET not in text


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ((), "Which requests? Give either --data FILE or --from-inference-table"),
        (("--data", "{}", "--from-inference-table"), "Which requests? Give either --data FILE or --from-infer"),
        (("--from-inference-table", "--warehouse", ""), "--from-inference-table needs a SQL warehouse: --warehouse ID"),
        (("--data", "{}", "--rate", "fast"), '--rate: "fast" is no number of requests a second'),
        (("--data", "{}", "--errors-at-most", "1"), '"1" is not valid. Write it as 1% or 0.5%'),
        (("--data", "{}", "--output", "report.txt"), "--output report.txt: the extension must be one of .md, .json"),
    ],
)
def test_wrong_usage_is_explained(shadow: Callable[..., Any], options: tuple[str, ...], reason: str) -> None:
    ran = shadow("plain", *options, DATABRICKS_WAREHOUSE_ID="")
    assert (ran.status, ran.out) == (3, "")
    assert reason in ran.err


def test_an_unknown_entity_is_explained(deployed: Any, shadow: Callable[..., Any]) -> None:
    ran = shadow("plain", "--data", deployed.request(PAYMENTS), entity="secnd")
    assert (ran.status, ran.err) == (1, '"plain" has no served entity "secnd". Did you mean "second"?\n')


def test_an_endpoint_without_a_table_is_explained(make: Make, shadow: Callable[..., Any]) -> None:
    ran = shadow(make(), "--from-inference-table")
    assert ran.status == 1
    assert re.fullmatch(
        r'Endpoint "payments-\d+" records no requests\. Declare a table under `ai_gateway\.inference_table`, or replay'
        r" the requests of a file: --data FILE\n",
        ran.err,
    )


def test_a_table_that_is_not_there_yet_is_explained(make: Make, shadow: Callable[..., Any]) -> None:
    ran = shadow(make(**TABLES["gateway"]), "--from-inference-table")
    assert ran.status == 1
    assert re.match(
        r"There is no table main\.ml\.payments-\d+_payload yet, or you may not see it\. Databricks", ran.err
    )


def test_a_table_without_new_requests_is_explained(
    deployed: Any, make: Make, shadow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = make(**TABLES["auto capture"])
    ask(deployed, name, PAYMENTS[0])
    monkeypatch.setattr(table_requests, "timedelta", lambda seconds: timedelta(seconds=-seconds))
    ran = shadow(name, "--from-inference-table")
    assert ran.status == 1
    assert "has no request of the last 24 h. Databricks delivers requests within an hour: choose a longer" in ran.err


def test_a_missing_grant_is_named(
    deployed: Any, make: Make, shadow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_connected", {})  # by the settings alone, which are the same for every caller
    name = make(**TABLES["auto capture"])
    ask(deployed, name, PAYMENTS[0])
    caller = deployed.outputs["service_principals"]["checkout"]
    credentials = {
        "DATABRICKS_CLIENT_ID": caller["application_id"],
        "DATABRICKS_CLIENT_SECRET": caller["client_secret"],
    }
    ran = shadow(name, "--from-inference-table", DATABRICKS_TOKEN="", **credentials)
    assert ran.status == 1
    assert ran.err == (
        f"You may not read main.ml.{name}_payload: User does not have USE CATALOG on Catalog 'main'. Let its owner run:"
        " GRANT USE CATALOG ON CATALOG main TO `<you>`\n"
    )


def test_an_unknown_warehouse_is_explained(make: Make, shadow: Callable[..., Any]) -> None:
    ran = shadow(make(**TABLES["gateway"]), "--from-inference-table", "--warehouse", "nowhere")
    assert (ran.status, ran.err) == (
        1,
        'The workspace has no SQL warehouse "nowhere". Find its id: databricks warehouses list\n',
    )


def test_an_absent_endpoint_fails_once(deployed: Any, shadow: Callable[..., Any]) -> None:
    deployed.outputs["endpoints"]["plain"]["url"] = "http://127.0.0.1:9/serving-endpoints/plain/invocations"
    deployed.publish()
    ran = shadow("plain", "--data", deployed.request(PAYMENTS), entity="second")
    assert ran.status == 1
    assert ran.err.startswith("http://127.0.0.1:9/serving-endpoints/plain/served-models/second/invocations does not")


def test_a_gate_replays_the_inference_table(deployed: Any, make: Make) -> None:
    declared = ShadowGate(requests="inference_table", agreement_at_least="99%")  # type: ignore[arg-type]
    found = []
    for version in "87":
        name = make(version, **TABLES["gateway"])
        ask(deployed, name, *PAYMENTS)
        with deployed.entered(DATABRICKS_TOKEN=deployed.workspace.token, **WAREHOUSE):
            outputs = read_outputs("dev")
            connection = connect(outputs, outputs.endpoint(name), "checkout")
            found.append(broken_agreement(connection, "shadow", declared, 1))
    assert found[0]
    assert (found[0].figure, found[0].value, found[0].bound) == ("agreement", "0 %", "at least 99 %")
    assert found[1] is None


def test_a_gate_without_a_warehouse_says_so(deployed: Any, make: Make) -> None:
    name = make(**TABLES["gateway"])
    declared = ShadowGate(requests="inference_table", agreement_at_least="99%")  # type: ignore[arg-type]
    with deployed.entered(DATABRICKS_WAREHOUSE_ID=""):
        outputs = read_outputs("dev")
        connection = connect(outputs, outputs.endpoint(name), "checkout")
        with pytest.raises(UserError, match="needs a SQL warehouse: set DATABRICKS_WAREHOUSE_ID"):
            broken_agreement(connection, "shadow", declared, 1)


def test_a_gate_sends_no_file_of_another_folder(deployed: Any, make: Make) -> None:
    name = make()
    (deployed.folder / "credentials.json").write_text('{"private_key": "planted"}')
    declared = ShadowGate(requests="../credentials.json", agreement_at_least="99%")  # type: ignore[arg-type]
    with deployed.entered():
        outputs = read_outputs("dev")
        connection = connect(outputs, outputs.endpoint(name), "checkout")
        with pytest.raises(UserError, match="is outside of the folder stacks/: it is not sent"):
            broken_agreement(connection, "shadow", declared, 1)


def test_page_names_every_option() -> None:
    page = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8").partition("\n## Shadow\n")[2]
    section = page.partition("\n## ")[0]
    options = [name for each in shadow_command.params for name in each.opts if name.startswith("--")]
    assert [name for name in options if f"`{name}" not in section] == ["--stack", "--json"]
