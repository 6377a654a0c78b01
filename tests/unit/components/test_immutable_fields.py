"""The immutable fields hook, given old and desired inputs as the engine passes them."""

import asyncio
import re
from typing import Any

import pulumi
import pytest

from model_serving.components.guard.immutable_field_changes import immutable_field_changes
from model_serving.components.guard.immutable_fields_hook import DesiredInputs, ImmutableFieldsHook
from model_serving.contract.replacement import ALTERNATIVE, DeclaredPlace
from model_serving.databricks.naming import snake_case

ENDPOINT = {
    "name": "fraud",
    "routeOptimized": True,
    "config": {
        "servedEntities": [{"name": "champion", "entityName": "main.ml.fraud", "entityVersion": "7"}],
        "autoCaptureConfig": {"catalogName": "main", "schemaName": "logs", "tableNamePrefix": "fraud"},
    },
}
ID = "0123456789abcdef0123456789abcdef"


def changed(path: str, value: Any) -> dict[str, Any]:
    """The endpoint with one field set; None takes it out."""
    *above, last = path.split(".")
    inputs: dict[str, Any] = {**ENDPOINT, "config": {**ENDPOINT["config"]}}  # type: ignore[dict-item]
    place = inputs
    for key in above:
        place[key] = {**place[key]}
        place = place[key]
    place[last] = value
    return inputs


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> ImmutableFieldsHook:
    monkeypatch.setattr(pulumi, "ResourceHook", lambda _name, callback, _options: callback)
    return ImmutableFieldsHook()


def call(
    hook: ImmutableFieldsHook, old: dict[str, Any], *, name: str = "fraud", new: dict[str, Any] | None = None
) -> None:
    """Call the hook as the engine does before it deletes the endpoint or, given new inputs, updates it."""
    asyncio.run(
        hook.refuse(
            pulumi.ResourceHookArgs(
                urn="urn", id="fraud", name=name, type="t", old_inputs=old, new_inputs=new,
                old_outputs={"servingEndpointId": ID},
            )
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("name", "fraud-2", 'name: "fraud" -> "fraud-2"'),
        ("routeOptimized", None, "route_optimized: true -> not set"),
        ("routeOptimized", False, "route_optimized: true -> false"),
        ("config.autoCaptureConfig.catalogName", "other", 'auto_capture.catalog_name: "main" -> "other"'),
        ("config.autoCaptureConfig.schemaName", "other", 'auto_capture.schema_name: "logs" -> "other"'),
        ("config.autoCaptureConfig.tableNamePrefix", "x", 'auto_capture.table_name_prefix: "fraud" -> "x"'),
        (
            "config.servedEntities",
            [{"name": "champion", "externalModel": {"provider": "openai"}}],
            "served_entities.*.external_model: false -> true",
        ),
    ],
)
def test_an_immutable_field_change_is_refused(hook: ImmutableFieldsHook, path: str, value: Any, message: str) -> None:
    hook.bind("fraud", DesiredInputs(changed(path, value), None))
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        call(hook, ENDPOINT)
    assert f"`replace_id: {ID}`" in str(error.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [("tags", [{"key": "team"}]), ("config.trafficConfig", {"routes": []})],
)
def test_a_mutable_field_may_change(hook: ImmutableFieldsHook, path: str, value: Any) -> None:
    hook.bind("fraud", DesiredInputs(changed(path, value), None))
    call(hook, ENDPOINT, new=changed(path, value))


@pytest.mark.parametrize("field", ["description", "budgetPolicyId"])
def test_an_unsendable_change_names_the_replacement(hook: ImmutableFieldsHook, field: str) -> None:
    hook.bind("fraud", DesiredInputs(changed(field, "other"), None))
    with pytest.raises(ValueError, match="would report the change as done and send nothing") as error:
        call(hook, ENDPOINT, new=changed(field, "other"))
    assert f'{snake_case(field)}: not set -> "other": no call changes' in str(error.value)
    assert f"`replace_id: {ID}` on the endpoint in the stack's own file" in str(error.value)


MIGRATIONS = [
    ("routeOptimized", False, "--set route_optimized=false"),
    ("name", "fraud-2", "--name fraud-2"),
    ("description", "Scores payments", "--set 'description=Scores payments'"),
    ("description", "7", "--set 'description=\"7\"'"),
    ("budgetPolicyId", None, None),
    ("config.autoCaptureConfig.tableNamePrefix", "x", "--set auto_capture.table_name_prefix=x"),
]


@pytest.mark.parametrize(("path", "value", "options"), MIGRATIONS)
def test_a_refusal_names_the_migration(hook: ImmutableFieldsHook, path: str, value: Any, options: str | None) -> None:
    before = changed(path, "policy-1") if options is None else ENDPOINT
    place = DeclaredPlace("prod", "scorer")
    hook.bind("fraud", DesiredInputs(changed(path, value), None, place))
    with pytest.raises(ValueError, match="can't be updated in place") as error:
        call(hook, before)
    command = f"`model-serving migrate scorer {options or '--set budget_policy_id=null'} --stack prod`"
    assert f"fix: Without an outage: take this edit back, then run {command}\n" in str(error.value)


def test_a_migration_ends_before_the_next(hook: ImmutableFieldsHook) -> None:
    place = DeclaredPlace("prod", "scorer", has_predecessor=True)
    hook.bind("fraud", DesiredInputs(changed("routeOptimized", False), None, place))
    with pytest.raises(ValueError, match="end its migration first, then start another") as error:
        call(hook, ENDPOINT)
    assert ": `model-serving migrate scorer --status --stack prod`\n" in str(error.value)


def test_another_kind_of_entity_needs_a_second_endpoint(hook: ImmutableFieldsHook) -> None:
    entities = [{"name": "champion", "externalModel": {"provider": "openai"}}]
    hook.bind("fraud", DesiredInputs(changed("config.servedEntities", entities), None, DeclaredPlace("prod", "scorer")))
    with pytest.raises(ValueError, match=ALTERNATIVE):
        call(hook, ENDPOINT)


@pytest.mark.parametrize("path", ["description", "budgetPolicyId", "config.autoCaptureConfig.catalogName"])
def test_a_refusal_shows_no_secret(hook: ImmutableFieldsHook, path: str) -> None:
    """The author of a pull request could move any encrypted value of the stack file into such a field."""

    async def secret(text: str) -> pulumi.Output[str]:
        return pulumi.Output.secret(text)

    async def refused(old: str, new: str) -> str:
        before, after = changed(path, await secret(old)), changed(path, await secret(new))
        hook.bind("fraud", DesiredInputs(after, None))
        with pytest.raises(ValueError, match=re.escape("[secret] -> [secret]")) as error:
            await hook.refuse(
                pulumi.ResourceHookArgs(
                    urn="urn", id="fraud", name="fraud", type="t", old_inputs=before, new_inputs=after, old_outputs={}
                )
            )
        return str(error.value)

    message = asyncio.run(refused("planted-old", "planted-new"))
    assert "planted" not in message


def test_absent_and_false_are_equal() -> None:
    assert list(immutable_field_changes({"name": "a", "routeOptimized": False}, {"name": "a"})) == []


def test_an_undeclared_endpoint_may_be_deleted(hook: ImmutableFieldsHook) -> None:
    hook.bind("iris", DesiredInputs({"name": "iris"}, None))
    call(hook, ENDPOINT)


def test_a_renamed_resource_keeps_the_check(hook: ImmutableFieldsHook) -> None:
    hook.bind("fraud-scorer", DesiredInputs(changed("routeOptimized", False), None))
    with pytest.raises(ValueError, match="route_optimized: true -> false"):
        call(hook, ENDPOINT, name="fraud")


def test_swapping_two_endpoint_names_is_refused(hook: ImmutableFieldsHook) -> None:
    hook.bind("fraud", DesiredInputs(changed("name", "iris"), None))
    hook.bind("iris", DesiredInputs(ENDPOINT, None))
    with pytest.raises(ValueError, match='name: "fraud" -> "iris"'):
        call(hook, ENDPOINT, name="fraud")


def test_the_resource_name_decides_before_endpoint_name(hook: ImmutableFieldsHook) -> None:
    hook.bind("elsewhere", DesiredInputs(changed("routeOptimized", False), None))
    hook.bind("fraud", DesiredInputs(ENDPOINT, None))
    call(hook, ENDPOINT)


def test_replace_id_allows_the_replacement(hook: ImmutableFieldsHook) -> None:
    hook.bind("fraud", DesiredInputs(changed("routeOptimized", False), ID))
    call(hook, ENDPOINT)


def test_another_replace_id_allows_nothing(hook: ImmutableFieldsHook) -> None:
    hook.bind("fraud", DesiredInputs(changed("routeOptimized", False), "f" * 32))
    with pytest.raises(ValueError, match=f"`replace_id: {ID}`"):
        call(hook, ENDPOINT)
    with pytest.raises(ValueError, match=f"`replace_id: {'f' * 32}` is declared, which is another endpoint's id"):
        call(hook, ENDPOINT)


def test_replace_id_allows_no_update_in_place(hook: ImmutableFieldsHook) -> None:
    external = changed("config.servedEntities", [{"name": "champion", "externalModel": {"provider": "openai"}}])
    hook.bind("fraud", DesiredInputs(external, ID))
    with pytest.raises(ValueError, match="external_model: false -> true"):
        call(hook, ENDPOINT, new=external)


def output(value: Any, *, known: bool = True) -> pulumi.Output[Any]:
    """An output of the running event loop, as a program has them."""
    futures = [asyncio.get_running_loop().create_future() for _ in range(3)]
    for future, result in zip(futures, (value if known else None, known, True), strict=True):
        future.set_result(result)
    return pulumi.Output(set(), *futures)


@pytest.mark.parametrize(
    ("desired", "known", "is_refused"), [(False, True, True), (True, True, False), (None, False, False)]
)
def test_an_output_counts_once_known(
    hook: ImmutableFieldsHook, desired: bool | None, known: bool, is_refused: bool
) -> None:
    async def bind_and_call() -> None:
        hook.bind("fraud", DesiredInputs(changed("routeOptimized", output(desired, known=known)), None))
        old = {**ENDPOINT, "name": output("fraud")}
        args = pulumi.ResourceHookArgs(urn="urn", id="fraud", name="fraud", type="t", old_inputs=old)
        await hook.refuse(args)

    if is_refused:
        with pytest.raises(ValueError, match="route_optimized: true -> false"):
            asyncio.run(bind_and_call())
    else:
        asyncio.run(bind_and_call())


def delete(hook: ImmutableFieldsHook, answer: str | None, may_replace: str | None = None) -> None:
    """Delete an endpoint whose inputs are unchanged; `answer` is the id that answers its registration."""

    async def run() -> None:
        answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        hook.bind("fraud", DesiredInputs(ENDPOINT, may_replace))
        registration = hook.track("fraud", pulumi.Output.from_input(answered))
        if answer:
            answered.set_result(answer)
            await registration.answered
        old = {"servingEndpointId": ID}
        try:
            await hook.refuse(
                pulumi.ResourceHookArgs("urn", "fraud", "fraud", "t", old_inputs=ENDPOINT, old_outputs=old)
            )
        finally:
            registration.answered.cancel()

    asyncio.run(run())


def test_an_unneeded_replacement_is_refused(hook: ImmutableFieldsHook) -> None:
    with pytest.raises(ValueError, match="would be replaced, and no change needs it") as error:
        delete(hook, answer=None)
    assert f"`replace_id: {ID}`" in str(error.value)


def test_replace_id_allows_an_unneeded_replacement(hook: ImmutableFieldsHook) -> None:
    delete(hook, answer=None, may_replace=ID)


def test_destroy_may_delete_a_declared_endpoint(hook: ImmutableFieldsHook) -> None:
    delete(hook, answer=ID)
