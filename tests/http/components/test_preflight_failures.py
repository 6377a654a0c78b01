"""The preflight of a workspace that does not answer, and MODEL_SERVING_PREFLIGHT=warn."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from model_serving.components.args import ServedEntityArgs, ServingEndpointArgs
from model_serving.components.preflight.preflight import preflight
from model_serving.components.preflight.report import PreflightReport, raise_problems
from model_serving.components.preflight.requirements import endpoint_requirements
from model_serving.spec import load

ME = "/api/2.0/preview/scim/v2/Me"
LISTING = "/api/2.0/serving-endpoints"
LATER = (
    "Run the command again when the workspace is available. To retry each call for longer:"
    " pulumi config set databricks:retryTimeoutSeconds 600"
)


def run(settings: dict[str, Any]) -> PreflightReport:
    entity = ServedEntityArgs(entity="main.ml.fraud@Champion", workload_size="Small")
    asked = endpoint_requirements(
        ("endpoints", "fraud"), ServingEndpointArgs(name="fraud", served_entities={"one": entity})
    )
    return preflight([asked], {"retryTimeoutSeconds": "1", **settings})


def refusal(settings: dict[str, Any]) -> str:
    with pytest.raises(pulumi.RunError) as raised:
        run(settings)
    return str(raised.value)


@pytest.fixture
def alias(frozen: Any) -> None:
    frozen.call("PUT", "/api/2.1/unity-catalog/models/main.ml.fraud/aliases/Champion", {"version_num": 9})


def fault(frozen: Any, path: str, **rule: Any) -> None:
    frozen.call("POST", "/_workspace/faults", {"pattern": f"GET {path}", "times": -1, **rule})


@pytest.mark.parametrize("rule", [{"message": "Being upgraded"}, {"body": "Being upgraded"}], ids=["JSON", "text"])
@pytest.mark.parametrize("path", [ME, LISTING])
def test_an_unavailable_workspace_is_reported(frozen: Any, path: str, rule: dict[str, str]) -> None:
    fault(frozen, path, status=503, **rule)
    first, hint = refusal(frozen.settings()).splitlines()
    assert first.startswith(f"The workspace {frozen.origin} answers 503 (Being upgraded) to GET {path}, tried for ")
    assert hint == LATER


def test_pending_reads_are_cancelled(frozen: Any) -> None:
    fault(frozen, "/api/2.1/unity-catalog/models/*", status=503)
    entities = {f"e{n}": ServedEntityArgs(entity=f"main.ml.m{n}@Champion", workload_size="Small") for n in range(40)}
    traffic = {"e0": 100} | {f"e{n}": 0 for n in range(1, 40)}
    args = ServingEndpointArgs(name="fraud", served_entities=entities, traffic=traffic)
    asked = endpoint_requirements(("endpoints", "fraud"), args)
    with pytest.raises(pulumi.RunError, match=r"answers 503 \(Injected fault\)"):
        preflight([asked], {"retryTimeoutSeconds": "1", **frozen.settings()})
    requests = frozen.call("GET", "/_workspace/journal")["requests"]
    paths = {request["path"] for request in requests if "/models/" in request["path"]}
    assert len(paths) <= 16


def test_a_stopped_embedded_workspace_is_reported() -> None:
    first, hint = refusal({"host": "http://127.0.0.1:1", "token": "x"}).splitlines()
    assert first == "The workspace http://127.0.0.1:1 does not answer: [Errno 111] Connection refused"
    assert hint == "Start the embedded workspace in another terminal: make workspace"


@pytest.mark.usefixtures("alias")
@pytest.mark.parametrize("path", [ME, LISTING])
def test_a_failed_read_can_be_a_warning(frozen: Any, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fault(frozen, path, status=500, message="Broken")
    assert "Broken" in refusal(frozen.settings())
    monkeypatch.setenv("MODEL_SERVING_PREFLIGHT", "warn")
    report = run(frozen.settings())
    assert report.versions == {"main.ml.fraud@Champion": "9"}
    (warning,) = report.warnings
    assert warning == (
        "MODEL_SERVING_PREFLIGHT=warn, so the deployment continues, though not everything was checked. The preflight"
        " could not be completed: Broken"
    )


@pytest.mark.usefixtures("alias")
def test_a_failed_check_leaves_the_others(frozen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fault(frozen, "/api/2.1/unity-catalog/models/*", status=500, message="Broken")
    monkeypatch.setenv("MODEL_SERVING_PREFLIGHT", "warn")
    report = run(frozen.settings())
    assert (report.versions, report.problems) == ({}, [])
    assert report.warnings == [
        "MODEL_SERVING_PREFLIGHT=warn, so the deployment continues. What could not be read was not checked: Broken"
    ]


def test_a_warning_names_the_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = "{served_entities: {champion: {entity: main.ml.fraud@Champion}}}"
    text = f"config:\n  model-serving:endpoints: {{fraud: {endpoint}}}\n"
    (tmp_path / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("MODEL_SERVING_PREFLIGHT", "warn")
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warned.append)
    report = PreflightReport(problems=[(("endpoints", "fraud"), "is missing", "Create it")])
    raise_problems(report, lambda found, *outcome: str(load("dev", tmp_path).error(found, *outcome)))
    heading, place, hint = warned[0].splitlines()
    assert heading == "1 error in the stack files; MODEL_SERVING_PREFLIGHT=warn, so the deployment continues"
    assert (place.endswith("endpoints.fraud: is missing"), hint.strip()) == (True, "Create it")
