"""The identity that an endpoint runs as: its creator, against the one that the stack files declare."""

from collections.abc import Iterator, Sequence
from typing import Any

from model_serving.contract.conditions import RUNS_AS_DECLARED, SERVING_PRINCIPALS_EXIST
from model_serving.contract.replacement import explain_new_creator
from model_serving.databricks.resource_types import MODEL_SERVING, SERVICE_PRINCIPAL
from model_serving.policies.pack.input_values import at
from model_serving.policies.pack.rule import Registered, Resource, Rule, Settings, Violation, no_check
from model_serving.policies.rules.live_resource import live_resource


def _serving(resource: Resource) -> dict[str, Any]:
    """The service principals that `serves` says the endpoint runs as, by key."""
    declared = at(resource.stack_spec, "service_principals")
    principals = declared if isinstance(declared, dict) else {}
    return {key: spec for key, spec in principals.items() if resource.key in (at(spec, "serves") or [])}


def _deployer(resource: Resource) -> str:
    return str(at(resource.stack_spec, "deployer") or "")


def _check_created(resource: Resource, _settings: Settings) -> Iterator[Violation]:
    for key, spec in _serving(resource).items():
        if at(spec, "application_id") is None:
            yield Violation(
                f'Service principal "{key}" `serves` endpoint "{resource.key}", and this stack creates it: an '
                "endpoint of the same run has the deployer as its creator, and runs as that",
                fixes=("Create the principal first, deploy as it, and name it by `application_id`",),
            )


def _check_creator(registered: Sequence[Registered], _settings: Settings) -> Iterator[tuple[Resource, Violation]]:
    created = {
        each.resource.name: each.resource.inputs.get("applicationId")
        for each in registered
        if each.resource.type == SERVICE_PRINCIPAL
    }
    for each in registered:
        if each.resource.type == MODEL_SERVING and (violation := _mismatch(each.resource, created)):
            yield each.resource, violation


def _mismatch(resource: Resource, created: dict[str, Any]) -> Violation | None:
    """Why the endpoint does not, or would not, run as declared. `created` are the stack's principals' ids by key.

    A principal that the stack creates is right if it is the creator; serving-principals-exist reports that it can't be.
    """
    serving, deployer, live = _serving(resource), _deployer(resource), live_resource(resource)
    if live and live.creator in {created.get(key) for key in serving}:
        return None
    ids = {key: at(spec, "application_id") for key, spec in serving.items()}
    declared = {
        value.lower(): f'service principal "{key}" ({value})' for key, value in ids.items() if isinstance(value, str)
    }
    if not declared and deployer:
        declared = {deployer.lower(): f"the deployer ({deployer})"}
    if not declared:
        return None
    wanted = " or ".join(declared.values())
    if live and live.creator.lower() not in declared:
        return Violation(
            f'Endpoint "{live.name}" runs as its creator {live.creator}, and not as {wanted}: it reads models and '
            f"secrets with the rights of {live.creator}",
            fixes=(explain_new_creator(resource.place, resource.written_name, wanted),),
        )
    if live is None and deployer and deployer.lower() not in declared:
        return Violation(
            f"{resource.title} would run as the deployer {deployer}, and not as {wanted}: whoever creates an "
            "endpoint is its creator permanently",
            fixes=("Deploy as that principal, or correct `serves`",),
        )
    return None


serving_principals_exist = Rule(
    name=SERVING_PRINCIPALS_EXIST,
    description="A service principal that endpoints run as exists before the stack.",
    level="advisory",
    types=(MODEL_SERVING,),
    check=_check_created,
    why="An endpoint runs as its creator, the identity that deploys. A principal of the same run can't be that.",
    passes="`serves` of a principal with `application_id`.",
    fails="`serves` of a principal with `display_name`, which the stack creates.",
)

runs_as_declared = Rule(
    name=RUNS_AS_DECLARED,
    description="Endpoints run as the identity that the stack files declare.",
    level="advisory",
    types=(MODEL_SERVING, SERVICE_PRINCIPAL),
    check=no_check,
    check_stack=_check_creator,
    reads_workspace=True,
    why="An endpoint permanently runs as its creator, with that identity's rights on models and secrets.",
    passes="A live endpoint whose creator is the principal that `serves` it, or else the stack's `deployer`.",
    fails="A live endpoint of another creator. A new endpoint that a principal `serves` that is not the `deployer`.",
)
