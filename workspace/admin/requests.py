"""Request models of the workspace's own administration."""

from typing import Any

from model_serving.workspace.http.request_model import Flag, Integer, Number, RequestModel, Text


class AddFault(RequestModel):
    """A rule for failing requests; workspace/admin/fault_injection.py describes the members."""

    pattern: Text = None
    status: Integer = None
    error_code: Text = None
    message: Text = None
    body: Text = None
    retry_after: Integer = None
    reset: Flag = None
    times: Integer = None
    skip: Integer = None
    after_handler: Flag = None
    delay_seconds: Number = None


class Seed(RequestModel):
    """The parts of a seed; workspace/admin/seed.py describes them, and checks them."""

    models: Any = None
    registry_models: Any = None
    feature_specs: Any = None
    tables: Any = None
    groups: Any = None
    users: Any = None
    secret_scopes: Any = None
    warehouses: Any = None
    grants: Any = None


class ModelAnswers(RequestModel):
    """How a model answers; workspace/dataplane/faulty_models.py describes the members."""

    version: Text = None
    latency: Text = None
    jitter: Text = None
    fails: Text = None
    rejects: Text = None
    wrong: Text = None
