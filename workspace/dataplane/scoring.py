"""Scoring of models by a Python file, by an MLflow model folder or, by default, by an echo.

A Python file defines `predict(rows, version)`, which takes the request's rows and the served version and returns one
prediction for each row. It may define `INPUTS`, the types of its columns: double, long, boolean or string. A file with
`TASK` is a chat model instead: it defines `reply(messages, version)`, which returns a text. An MLflow model folder
needs the package `mlflow`. `workspace/dataplane/models/` has an example of each kind of file.
"""

import hashlib
import importlib.util
import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol

from model_serving.workspace.dataplane.chat_models import TASKS, ChatModel
from model_serving.workspace.http.errors import BadRequest
from model_serving.workspace.store.database import Json, Store

PACKAGE: Final = Path(__file__).parent
FITS: Final[dict[str, Callable[[Any], bool]]] = {
    "double": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "long": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
}


class ModelError(Exception):
    """A model that can't be loaded."""


class Scorer(Protocol):
    def predict(self, rows: list[Any], version: str) -> list[Any]:
        """One prediction for each row. Raises BadRequest if the rows don't match the model's signature."""


@dataclass(frozen=True)
class Echo:
    """A number from 0 to 1, computed from the model's name, its version and the row."""

    name: str

    def predict(self, rows: list[Any], version: str) -> list[Any]:
        return [self._number([self.name, version, row]) for row in rows]

    def _number(self, source: list[Any]) -> float:
        digest = hashlib.sha256(json.dumps(source, sort_keys=True).encode()).hexdigest()
        return int(digest[:8], 16) / 0xFFFFFFFF


@dataclass(frozen=True)
class FileScorer:
    """The function of a Python file, with the types of its input columns."""

    function: Callable[[list[Any], str], Any]
    inputs: Mapping[str, str] = field(default_factory=dict)

    def predict(self, rows: list[Any], version: str) -> list[Any]:
        for row in rows:
            _check_row(row, self.inputs)
        try:
            predictions = list(self.function(rows, version))
            return list(json.loads(json.dumps(predictions, allow_nan=False)))
        except Exception as error:
            raise _evaluation_error(error) from error


@dataclass(frozen=True)
class FolderScorer:
    """A saved MLflow model, whose signature `mlflow` enforces."""

    model: Any

    def predict(self, rows: list[Any], version: str) -> list[Any]:
        del version  # a folder is a single version
        import pandas as pd  # noqa: PLC0415 - only where mlflow is installed

        try:
            predictions = pd.DataFrame(self.model.predict(pd.DataFrame(rows)))
        except Exception as error:
            raise _evaluation_error(error) from error
        records = json.loads(predictions.to_json(orient="records"))
        # MLflow's scoring server, too, returns a single unnamed column as a list
        return [next(iter(each.values())) for each in records] if len(predictions.columns) == 1 else records


def scorer_for(store: Store, entity: Json) -> Scorer | ChatModel:
    """The scorer of the served version, else of the model, else an echo."""
    name, version = str(entity.get("entity_name")), str(entity.get("entity_version"))
    record = store.get("scorer", f"{name}/{version}") or store.get("scorer", name)
    if record is None:
        return Echo(name)
    try:
        return load(Path(record["path"]))
    except ModelError as error:
        raise BadRequest(f"The model can't be loaded: {error}") from error


def task_of(store: Store, entity: Json) -> str | None:
    """The task of a chat model; None for any other model, and for one that can't be loaded."""
    try:
        scorer = scorer_for(store, entity)
    except BadRequest:
        return None
    return scorer.task if isinstance(scorer, ChatModel) else None


def load(path: Path) -> Scorer | ChatModel:
    """The scorer of a Python file or an MLflow model folder; a path is relative to this package.

    A changed file is loaded again. Raises ModelError.
    """
    path = PACKAGE / path
    if not path.exists():
        raise ModelError(f"{path} does not exist")
    return _loaded(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _loaded(path: Path, _changed: int) -> Scorer | ChatModel:
    return _folder(path) if path.is_dir() else _file(path)


def _file(path: Path) -> Scorer | ChatModel:
    spec = importlib.util.spec_from_file_location(f"scored_by_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ModelError(f"{path} is neither a Python file nor an MLflow model folder")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ModelError(f"{path} can't be run: {type(error).__name__}: {error}") from error
    if (task := getattr(module, "TASK", None)) is None:
        return FileScorer(_function(path, module, "predict(rows, version)"), _inputs(path, module))
    if task not in TASKS:
        raise ModelError(f"{path}: unknown TASK '{task}', allowed: {', '.join(TASKS)}")
    return ChatModel(task, _function(path, module, "reply(messages, version)"))


def _function(path: Path, module: ModuleType, signature: str) -> Callable[[list[Any], str], Any]:
    function = getattr(module, signature.partition("(")[0], None)
    if not callable(function):
        raise ModelError(f"{path} defines no function {signature}")
    return function  # type: ignore[no-any-return]


def _inputs(path: Path, module: ModuleType) -> Mapping[str, str]:
    inputs: dict[str, str] = getattr(module, "INPUTS", {})
    if unknown := set(inputs.values()) - set(FITS):
        raise ModelError(f"{path}: unknown type '{min(unknown)}' in INPUTS, allowed: {', '.join(FITS)}")
    return inputs


def _folder(path: Path) -> Scorer:
    if not (path / "MLmodel").exists():
        raise ModelError(f"{path} is not an MLflow model folder: it has no file MLmodel")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mlflow warns about type hints of its own
        return _mlflow_model(path)


def _mlflow_model(path: Path) -> Scorer:
    try:
        import mlflow.pyfunc  # noqa: PLC0415 - the workspace runs without it
    except ImportError as error:
        raise ModelError(f"{path} is an MLflow model, which needs mlflow: pip install mlflow ({error})") from error
    try:
        return FolderScorer(mlflow.pyfunc.load_model(str(path)))
    except Exception as error:
        raise ModelError(f"{path} can't be loaded: {type(error).__name__}: {error}") from error


def _check_row(row: Any, inputs: Mapping[str, str]) -> None:
    """Raises BadRequest with MLflow's message if a row doesn't match the signature. Unknown columns are ignored."""
    if not inputs:
        return
    if not isinstance(row, dict):
        raise BadRequest(f"Failed to enforce schema of data. Error: Expected named columns {list(inputs)}.")
    if missing := [name for name in inputs if name not in row]:
        raise BadRequest(f"Failed to enforce schema of data. Error: Model is missing inputs {missing}.")
    for name, kind in inputs.items():
        if not FITS[kind](row[name]):
            raise BadRequest(
                f"Failed to enforce schema of data. Error: Incompatible input types for column {name}. Can not safely"
                f" convert {type(row[name]).__name__} to {kind}."
            )


def _evaluation_error(error: Exception) -> BadRequest:
    """The message of MLflow's scoring server for a model that raised an exception."""
    return BadRequest(
        "Encountered an unexpected error while evaluating the model. Verify that the input is compatible with the model"
        f" for inference. Error '{type(error).__name__}: {error}'"
    )
