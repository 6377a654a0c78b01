"""Secrets are references to a secret scope, never plaintext."""

from collections.abc import Iterator
from typing import Any

from model_serving.databricks.credential_patterns import holds_credential, is_credential_name
from model_serving.databricks.resource_types import MODEL_SERVING
from model_serving.policies.pack.input_values import UNKNOWN, at, items
from model_serving.policies.pack.rule import Resource, Rule, Settings, Violation
from model_serving.policies.rules.entity_types import entity_field, entity_name, served


def _check(resource: Resource, _settings: Settings) -> Iterator[Violation]:
    for entity in served(resource.inputs):
        where = f'Served entity "{entity_name(entity)}"'
        variables = at(entity, "environmentVars")
        for name, value in variables.items() if isinstance(variables, dict) else ():
            if value is UNKNOWN:
                if is_credential_name(name):
                    message = f"{where}: environment variable {name} is unknown until `up`, which checks it"
                    yield Violation(message, advisory=True, field_path=entity_field(entity, "environment_vars", name))
            elif holds_credential(name, str(value)):
                yield Violation(
                    f"{where} has a plaintext secret in environment variable {name}, which everyone who may view the "
                    "endpoint can read",
                    field_path=entity_field(entity, "environment_vars", name),
                    fixes=("Put it into a secret scope and write `{{secrets/scope/key}}`",),
                )
        for field in _plaintext_fields(at(entity, "externalModel")):
            yield Violation(
                f"{where} has a plaintext key ({field})",
                field_path=entity_field(entity, "external_model"),
                fixes=("Use the field without Plaintext, and a reference",),
            )


def _plaintext_fields(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.endswith("Plaintext") and inner is not None:
                yield key
            yield from _plaintext_fields(inner)
    for item in items({"it": value}, "it"):
        yield from _plaintext_fields(item)


secrets_by_reference = Rule(
    name="secrets-by-reference",
    description="Secrets of served entities are references to a secret scope.",
    level="mandatory",
    types=(MODEL_SERVING,),
    check=_check,
    why="Everyone who may view the endpoint can read its environment variables, and plans and logs contain them.",
    passes="`{{secrets/scope/key}}`; values that are not secrets.",
    fails="A variable with the name of a secret or a value that looks like a credential, unless it is a reference; "
    "plaintext keys of external models. The value is never printed.",
)
