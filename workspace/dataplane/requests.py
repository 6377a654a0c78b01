"""Request models of the data plane: members of any type, since a model decides what its input is."""

from typing import Any

from model_serving.workspace.http.request_model import RequestModel


class ModelInput(RequestModel):
    """Rows, in one of the four formats of MLflow's scoring protocol."""

    dataframe_split: Any = None
    dataframe_records: Any = None
    instances: Any = None
    inputs: Any = None


class Prompt(RequestModel):
    """A request of a foundation or external model."""

    messages: Any = None
    prompt: Any = None
    input: Any = None
    stream: Any = None


class Invocation(ModelInput, Prompt):
    """A request of any served entity."""


class InvocationByModel(Prompt):
    """OpenAI's own form, where `model` is the name of the endpoint."""

    model: Any = None
