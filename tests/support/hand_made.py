"""A workspace of endpoints that somebody made by hand, and `model-serving adopt` in the sandbox beside it."""

import functools
from collections.abc import Mapping
from random import Random
from typing import Any, Final
from urllib.error import HTTPError

import pytest
import yaml

from model_serving.cli.main import main
from model_serving.spec import Stack
from tests.support.random_endpoints import SEED, inputs_of, make_endpoint, random_fields, stop_endpoint
from tests.support.sandbox import Sandbox

LOCAL: Final = "stacks/Pulumi.local.yaml"
_HOST: Final = "databricks:host"
_PLAIN: Final = {
    "served_entities": {"current": {"entity": "main.ml.fraud", "version": "7", "workload_size": "Small"}},
    "permissions": [{"group": "ml-engineers", "level": "CAN_QUERY"}],
}
_EXTERNAL: Final = {"provider": "openai", "name": "gpt-4o", "task": "llm/v1/chat"}
_KEY: Final = {"openai_config": {"openai_api_key": "{{secrets/serving/api-key}}"}}


class _Quoting(yaml.SafeDumper):
    """PyYAML leaves `1e3` without quotes, which other readers of YAML take for a number."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, '"' if text[:1].isdigit() else None)


_Quoting.add_representer(str, _text)


def call(sandbox: Sandbox, method: str, path: str, body: Any = None) -> Any:
    """The workspace's answer to its administrator. Raises AssertionError with the message of a refusal."""
    try:
        return getattr(sandbox.workspace, method.lower())(path, body or {})
    except HTTPError as error:
        raise AssertionError(f"{method} {path}: {error.read().decode()}") from error


def make_by_hand(sandbox: Sandbox, number: int, seed: int, external: int = 0, plain: float = 0) -> list[str]:
    """The names of random endpoints that no stack made: models and feature specs, with everything that they may have.

    Some have permissions for a service principal. `plain` is the share of those that have only what a user interface
    asks for. There are as many endpoints of an external model as `external`.
    """
    random, act = Random(seed), functools.partial(call, sandbox)  # noqa: S311  a test's own numbers
    sandbox.workspace.post("/_workspace/seed", SEED)
    principal = act("POST", "/api/2.0/preview/scim/v2/ServicePrincipals", {"displayName": "shop"})["applicationId"]
    names = [f"hand-made-{n}" for n in range(number)]
    for name in names:
        fields = random_fields(random, (principal,))
        fields = _PLAIN if random.random() < plain else fields
        stack = Stack.model_validate({"endpoints": {name: fields}})
        make_endpoint(act, name, inputs_of(stack, name))
        if fields.get("stopped"):
            stop_endpoint(act, name)
    for n in range(external):
        entity = {"name": "gpt", "external_model": {**_EXTERNAL, **_KEY}}
        act("POST", "/api/2.0/serving-endpoints", {"name": f"external-{n}", "config": {"served_entities": [entity]}})
    return names


def declare_only(sandbox: Sandbox, endpoints: Mapping[str, Any], **config: Any) -> None:
    """Make a stack of these endpoints alone, and allow what random endpoints run on."""
    file = sandbox.folder / LOCAL
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    written["config"] = {
        _HOST: written["config"][_HOST],
        "model-serving:policies": {"gpu-where-allowed": {"stacks": ["local"]}},
        **({"model-serving:endpoints": dict(endpoints)} if endpoints else {}),
        **config,
    }
    file.unlink()
    file.write_text(yaml.dump(written, Dumper=_Quoting, sort_keys=False), encoding="utf-8")
    base = sandbox.folder / "stacks/base.yaml"
    base.unlink()
    base.write_text("config: {}\n", encoding="utf-8")


def adopt(sandbox: Sandbox, *arguments: str) -> int:
    """The exit status of `model-serving adopt --stack local`."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.environment.items():
            patch.setenv(name, value)
        patch.chdir(sandbox.folder)
        return main(["adopt", "--stack", "local", *arguments])
