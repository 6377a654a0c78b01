"""Values that `pulumi config set --secret` encrypted: usable anywhere a text is, and never shown."""

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import yaml

from model_serving.spec import Secret, is_secret
from model_serving.spec.field_path import NAMESPACE, FieldPath
from model_serving.spec.files.pulumi_config import EngineConfig
from model_serving.spec.files.yaml_text import Loader
from model_serving.spec.vocabulary.model import Model
from tests.support.stack_files import StackFiles, replaced

WRITTEN = (Path(__file__).parent / "everything.yaml").read_text(encoding="utf-8")
DATA: Any = yaml.load(WRITTEN, Loader=Loader)["config"]  # noqa: S506  a subclass of SafeLoader
CIPHERTEXT = "v1:4xgO1KHlSp6X41Jf:KyEMyAkjm0ldIvETkWLy3BjzydIcuDw="


def text_paths(value: Any, path: FieldPath = ()) -> list[FieldPath]:
    if isinstance(value, str):
        return [path]
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, child in children for found in text_paths(child, (*path, key))]


def at(value: Any, path: FieldPath) -> Any:
    for part in path:
        value = getattr(value, str(part)) if isinstance(value, Model) else value[part]
    return value


def encrypted(path: FieldPath) -> str:
    """The stack file with the value at this path encrypted."""
    return json.dumps({"config": replaced(DATA, path, {"secure": CIPHERTEXT})})


def engine(path: FieldPath, text: str) -> EngineConfig:
    """What the engine hands a program whose stack file has this secret at this path."""
    data = replaced(DATA, path, text)
    values = {key: value if isinstance(value, str) else json.dumps(value) for key, value in data.items()}
    return lambda key: values.get(NAMESPACE + key)


def own(path: FieldPath) -> FieldPath:
    return (str(path[0]).removeprefix(NAMESPACE), *path[1:])


def ids(path: FieldPath) -> str:
    return "/".join(map(str, own(path)))


WORDS = {"level", "key", "renewal_period", "workload_size", "workload_type", "entitlements", "expires"}
NAMES = {f"{NAMESPACE}{key}" for key in ("name_prefix", "deployer", "secret_scopes", "prices", "predecessor_quiet")} | {
    "serves",
    "grants",
    "deliver",
    "rollout",
    "expected",
}
PATHS = [path for path in text_paths(DATA) if "nightly" not in path]
"""`nightly` is there for grants to name its model: see test_granted_model_can_t_be_secret."""

PLAINTEXT = [
    path
    for path in PATHS
    if (WORDS | NAMES) & set(path)
    or path[2:] in (("name",), ("predecessor", "name"))
    or (path[-1] == "entity" and "smoke" in path)
]
SECRETS = [path for path in PATHS if path not in PLAINTEXT]


@pytest.mark.parametrize("path", SECRETS, ids=ids)
def test_any_text_can_be_secret(files: StackFiles, path: FieldPath) -> None:
    plain = at(DATA, path)
    value = at(files.write(encrypted(path)).load(engine(path, plain)), own(path))
    assert is_secret(value)
    assert value.reveal() == plain


@pytest.mark.parametrize("path", SECRETS, ids=ids)
def test_secrets_load_unknown_without_the_engine(files: StackFiles, path: FieldPath) -> None:
    value = at(files.write(encrypted(path)).load(), own(path))
    assert (is_secret(value), value.known) == (True, False)


@pytest.mark.parametrize("path", PLAINTEXT, ids=ids)
def test_words_names_and_references_are_never_secret(files: StackFiles, path: FieldPath) -> None:
    """They would be stored somewhere as plaintext, so they are refused, with the engine and without it."""
    for config in (engine(path, at(DATA, path)), None):
        (fault,) = files.write(encrypted(path)).faults(config)
        assert fault.endswith("can't be secret\n    Use a plaintext value")


@pytest.mark.parametrize("path", PATHS, ids=ids)
@pytest.mark.parametrize("planted", ["-hunter2 {{x", "hunter2" * 200, "hunter2@"])
def test_no_error_ever_shows_a_secret(files: StackFiles, path: FieldPath, planted: str) -> None:
    assert "hunter2" not in "\n".join(files.write(encrypted(path)).faults(engine(path, planted)))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ((f"{NAMESPACE}endpoints", "fraud", "route_optimized"), "true or false"),
        ((f"{NAMESPACE}endpoints", "fraud", "traffic", "champion"), "a whole number"),
        ((f"{NAMESPACE}endpoints", "fraud", "served_entities"), "a map"),
        ((f"{NAMESPACE}endpoints", "fraud", "permissions"), "a list"),
        ((f"{NAMESPACE}endpoints",), "a map"),
    ],
    ids=str,
)
def test_only_text_can_be_secret(files: StackFiles, path: FieldPath, kind: str) -> None:
    (fault,) = [fault for fault in files.write(encrypted(path)).faults() if "secret" in fault]
    assert fault.endswith(f"must be {kind}; found a secret\n    Only text can be secret; use a plaintext value")


def test_granted_model_can_t_be_secret(files: StackFiles) -> None:
    written = (
        "config:\n  model-serving:endpoints:\n    fraud:\n      served_entities:\n"
        "        a: {entity: {secure: v1:abc}, version: 1}\n"
        "  model-serving:service_principals: {runner: {display_name: runner, serves: [fraud]}}\n"
    )
    assert files.write(written).faults() == [
        (
            "stacks/Pulumi.dev.yaml:5:13 endpoints.fraud.served_entities.a.entity: can't be secret where a service"
            " principal `serves` the endpoint\n    Use a plaintext value"
        )
    ]


def test_secret_in_base_yaml_is_rejected(files: StackFiles) -> None:
    base = "config:\n  model-serving:default_tags:\n    team: {secure: v1:abc}\n"
    (fault,) = files.write("config: {}", base).faults()
    assert fault == (
        "stacks/base.yaml:3:5 default_tags.team: base.yaml can't hold secrets, because each stack encrypts with its own"
        " key\n"
        "    pulumi config set --secret --path 'model-serving:default_tags.team' writes it into the stack's own file"
    )


def test_nothing_but_reveal_shows_a_secret() -> None:
    secret = Secret("hunter2")
    joined = "dev-" + secret + "-blue"
    shown = [str(secret), repr(secret), f"{secret}", f"{secret!r:>20}", f"{secret}", str([secret]), f"{joined}"]
    assert not [text for text in shown if "hunter2" in text]
    assert secret.reveal() == "hunter2"
    assert is_secret(joined)
    assert joined.reveal() == "dev-hunter2-blue"


def test_parts_of_a_secret_are_secret() -> None:
    secret = Secret("main.ml.fraud@Champion")
    name, at_, alias = secret.partition("@")
    assert (is_secret(name), at_, is_secret(alias)) == (True, "@", True)
    assert [copied.reveal() for copied in (copy.deepcopy(secret), pickle.loads(pickle.dumps(secret)))] == [  # noqa: S301  our own
        "main.ml.fraud@Champion"
    ] * 2


def test_lower_case_secret_is_secret() -> None:
    lower = Secret("Ann@Example.com").lower()
    assert is_secret(lower)
    assert lower.reveal() == "ann@example.com"


def test_what_nobody_decrypted_can_t_be_revealed() -> None:
    with pytest.raises(AssertionError, match="loaded without the engine"):
        Secret(CIPHERTEXT, known=False).reveal()
