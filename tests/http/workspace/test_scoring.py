"""Scoring by a Python file, by an MLflow model folder, and by the iris classifier."""

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from model_serving.workspace.admin.seed import SeedError, apply_seed, with_absolute_paths

Build = Callable[..., dict[str, Any]]
QUERY = "/serving-endpoints/flowers/invocations"
COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
# one flower of each species, as Fisher measured them
FLOWERS = [[5.1, 3.5, 1.4, 0.2], [5.7, 2.8, 4.1, 1.3], [6.3, 3.3, 6.0, 2.5]]
SPLIT = {"dataframe_split": {"columns": COLUMNS, "data": FLOWERS}}
DOUBLE = "def predict(rows, version):\n    return [2 * row['x'] + int(version) for row in rows]\n"


@pytest.fixture
def score(workspace: Any, endpoint: Build, entity: Build) -> Callable[..., httpx.Response]:
    """The prediction of a version of the iris model."""

    def ask(body: dict[str, Any], version: str = "2") -> httpx.Response:
        served = entity(entity_name="main.ml.iris", entity_version=version)
        endpoint("flowers", config={"served_entities": [served]})
        answer: httpx.Response = workspace.http().post(QUERY, json=body)
        return answer

    return ask


@pytest.mark.parametrize("version", ["1", "2", "3"])
def test_iris_model_classifies_flowers(score: Callable[..., httpx.Response], version: str) -> None:
    assert score(SPLIT, version).json() == {"predictions": ["setosa", "versicolor", "virginica"]}


def test_iris_versions_disagree_between_species(workspace: Any, endpoint: Build, entity: Build) -> None:
    versions = {
        number: entity(name=f"v{number}", entity_name="main.ml.iris", entity_version=number) for number in "123"
    }
    routes = [{"served_entity_name": f"v{number}", "traffic_percentage": 100 * (number == "2")} for number in "123"]
    endpoint("flowers", config={"served_entities": list(versions.values()), "traffic_config": {"routes": routes}})
    body = {"dataframe_split": {"columns": COLUMNS, "data": [[4.9, 2.5, 4.5, 1.7]]}}
    answers = [
        workspace.http().post(f"/serving-endpoints/flowers/served-models/v{number}/invocations", json=body).json()
        for number in "123"
    ]
    assert [answer["predictions"] for answer in answers] == [["versicolor"], ["versicolor"], ["virginica"]]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([{"sepal_length": 5.1}], "Model is missing inputs ['sepal_width', 'petal_length', 'petal_width']."),
        ([dict.fromkeys(COLUMNS, "long")], "Incompatible input types for column sepal_length. Can not safely convert"),
        ([[5.1, 3.5, 1.4, 0.2]], "Expected named columns ['sepal_length', "),
    ],
    ids=["missing", "type", "unnamed"],
)
def test_rows_must_match_the_signature(score: Callable[..., httpx.Response], rows: list[Any], reason: str) -> None:
    refused = score({"instances": rows})
    assert (refused.status_code, refused.json()["error_code"]) == (400, "BAD_REQUEST")
    assert refused.json()["message"].startswith(f"Failed to enforce schema of data. Error: {reason}")


def test_python_file_scores(workspace: Any, tmp_path: Path, score: Callable[..., httpx.Response]) -> None:
    (tmp_path / "double.py").write_text(DOUBLE)
    seed = with_absolute_paths(tmp_path, {"models": {"main.ml.iris": {"versions": 3, "scored_by": "double.py"}}})
    apply_seed(workspace.store, workspace.clock, seed)
    assert score({"dataframe_records": [{"x": 20}]}).json() == {"predictions": [42]}


def test_sleeping_model_delays_no_other_request(workspace: Any, tmp_path: Path, endpoint: Build, entity: Build) -> None:
    (tmp_path / "slow.py").write_text(
        "import time\n\ndef predict(rows, version):\n    time.sleep(1)\n    return rows\n"
    )
    apply_seed(workspace.store, workspace.clock, {"models": {"main.ml.iris": {"scored_by": str(tmp_path / "slow.py")}}})
    endpoint("flowers", config={"served_entities": [entity(entity_name="main.ml.iris", entity_version="1")]})
    began = time.monotonic()

    def ask(_: int) -> float:
        assert workspace.http().post(QUERY, json={"inputs": [1]}).json() == {"predictions": [1]}
        return time.monotonic() - began

    with ThreadPoolExecutor(8) as executor:
        asked = executor.map(ask, range(8))
        while time.monotonic() - began < 0.5:
            before = time.monotonic()
            assert workspace.http().get("/api/2.0/serving-endpoints/flowers").status_code == 200
            assert time.monotonic() - before < 0.9
        assert max(asked) < 6
    workspace.clock.advance(60)
    text = workspace.http().get("/api/2.0/serving-endpoints/flowers/metrics").text
    counted = 'request_latency_ms_bucket{endpoint_name="flowers",served_model_name="iris-1",le='
    assert f'{counted}"750"}} 0 ' in text
    assert f'{counted}"+Inf"}} 8 ' in text


def test_version_may_have_own_file(workspace: Any, tmp_path: Path, score: Callable[..., httpx.Response]) -> None:
    (tmp_path / "double.py").write_text(DOUBLE)
    described = {"versions": {1: None, 2: {"scored_by": str(tmp_path / "double.py")}}}
    apply_seed(workspace.store, workspace.clock, {"models": {"main.ml.iris": described}})
    assert score({"dataframe_records": [{"x": 20}]}, "2").json() == {"predictions": [42]}
    workspace.http().delete("/api/2.0/serving-endpoints/flowers")
    assert score(SPLIT, "1").json()["predictions"][0] == "setosa"


def test_model_exception_reaches_the_caller(
    workspace: Any, tmp_path: Path, score: Callable[..., httpx.Response]
) -> None:
    (tmp_path / "double.py").write_text(DOUBLE)
    apply_seed(
        workspace.store, workspace.clock, {"models": {"main.ml.iris": {"scored_by": str(tmp_path / "double.py")}}}
    )
    refused = score({"dataframe_records": [{"y": 20}]})
    assert refused.status_code == 400
    assert refused.json()["message"].endswith("for inference. Error 'KeyError: 'x''")


@pytest.mark.parametrize("answer", ["float('nan')", "object()"])
def test_prediction_must_be_json(
    workspace: Any, tmp_path: Path, score: Callable[..., httpx.Response], answer: str
) -> None:
    (tmp_path / "odd.py").write_text(f"def predict(rows, version):\n    return [{answer} for row in rows]\n")
    apply_seed(workspace.store, workspace.clock, {"models": {"main.ml.iris": {"scored_by": str(tmp_path / "odd.py")}}})
    refused = score({"inputs": [1]})
    assert (refused.status_code, refused.json()["error_code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("none.py", None, "does not exist"),
        ("broken.py", "predict(", "can't be run: SyntaxError"),
        ("empty.py", "", "defines no function predict(rows, version)"),
        ("typed.py", "INPUTS = {'x': 'float'}\ndef predict(rows, version): ...", "unknown type 'float' in INPUTS"),
        ("model.txt", "weights", "is neither a Python file nor an MLflow model folder"),
        (".", "", "is not an MLflow model folder"),
    ],
)
def test_unloadable_model_is_rejected_immediately(
    workspace: Any, tmp_path: Path, file: str, content: str | None, reason: str
) -> None:
    if content is not None and file != ".":
        (tmp_path / file).write_text(content)
    with pytest.raises(SeedError) as refused:
        apply_seed(workspace.store, workspace.clock, {"models": {"main.ml.iris": {"scored_by": str(tmp_path / file)}}})
    assert str(refused.value).startswith("main.ml.iris: ")
    assert reason in str(refused.value)


SAVE = """
import sys, mlflow.pyfunc
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input["x"] * 2

signature = ModelSignature(inputs=Schema([ColSpec("double", "x")]))
mlflow.pyfunc.save_model(sys.argv[1], python_model=Model(), signature=signature, pip_requirements=[])
"""


def test_mlflow_model_folder_scores(workspace: Any, tmp_path: Path, score: Callable[..., httpx.Response]) -> None:
    saved = subprocess.run(
        [sys.executable, "-c", SAVE, str(tmp_path / "model")], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert saved.returncode == 0, saved.stderr
    apply_seed(workspace.store, workspace.clock, {"models": {"main.ml.iris": {"scored_by": str(tmp_path / "model")}}})
    assert score({"dataframe_records": [{"x": 21.0}]}).json() == {"predictions": [42.0]}
    refused = workspace.http().post(QUERY, json={"dataframe_records": [{"y": 21.0}]})
    assert refused.status_code == 400
    assert "Model is missing inputs ['x']" in refused.json()["message"]
