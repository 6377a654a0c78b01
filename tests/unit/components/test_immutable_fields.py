"""One-way doors, judged from old inputs and the program's wish, as the engine's hook hands them in."""

import asyncio
import re
from typing import Any

import pulumi
import pytest

from model_serving.components.guard.immutable_field_changes import differences
from model_serving.components.guard.immutable_fields_hook import Guard, Wish

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
def guard(monkeypatch: pytest.MonkeyPatch) -> Guard:
    monkeypatch.setattr(pulumi, "ResourceHook", lambda _name, callback, _options: callback)
    return Guard()


def ask(guard: Guard, old: dict[str, Any], *, name: str = "fraud", new: dict[str, Any] | None = None) -> None:
    """What the engine does before it deletes an endpoint or, with new inputs, updates it."""
    asyncio.run(
        guard.refuse(
            pulumi.ResourceHookArgs(
                urn="urn", id="fraud", name=name, type="t", old_inputs=old, new_inputs=new,
                old_outputs={"servingEndpointId": ID},
            )
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("name", "fraud-2", 'name: "fraud" -> "fraud-2"'),
        ("routeOptimized", None, "routeOptimized: true -> not set"),
        ("routeOptimized", False, "routeOptimized: true -> not set"),
        ("config.autoCaptureConfig.catalogName", "other", 'config.autoCaptureConfig.catalogName: "main" -> "other"'),
        ("config.autoCaptureConfig.schemaName", "other", 'config.autoCaptureConfig.schemaName: "logs" -> "other"'),
        ("config.autoCaptureConfig.tableNamePrefix", "x", 'config.autoCaptureConfig.tableNamePrefix: "fraud" -> "x"'),
        (
            "config.servedEntities",
            [{"name": "champion", "externalModel": {"provider": "openai"}}],
            "config.servedEntities.*.externalModel: false -> true",
        ),
    ],
)
def test_a_change_behind_a_one_way_door_is_refused(guard: Guard, path: str, value: Any, told: str) -> None:
    guard.bind("fraud", Wish(changed(path, value), None))
    with pytest.raises(ValueError, match=re.escape(told)) as refusal:
        ask(guard, ENDPOINT)
    assert f"`replace_id: {ID}`" in str(refusal.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [("tags", [{"key": "team"}]), ("config.trafficConfig", {"routes": []})],
)
def test_any_other_change_passes(guard: Guard, path: str, value: Any) -> None:
    guard.bind("fraud", Wish(changed(path, value), None))
    ask(guard, ENDPOINT, new=changed(path, value))


@pytest.mark.parametrize("field", ["description", "budgetPolicyId"])
def test_a_change_that_is_never_sent_names_the_replacement(guard: Guard, field: str) -> None:
    guard.bind("fraud", Wish(changed(field, "other"), None))
    with pytest.raises(ValueError, match="would report the change as done and send nothing") as refusal:
        ask(guard, ENDPOINT, new=changed(field, "other"))
    assert f'{field}: not set -> "other": no call changes' in str(refusal.value)
    assert f"`replace_id: {ID}` on the endpoint in the stack's own file" in str(refusal.value)


def test_absent_and_false_are_the_same_wish() -> None:
    assert list(differences({"name": "a", "routeOptimized": False}, {"name": "a"})) == []


def test_an_endpoint_that_the_program_does_not_know_any_more_may_be_deleted(guard: Guard) -> None:
    guard.bind("iris", Wish({"name": "iris"}, None))
    ask(guard, ENDPOINT)


def test_a_renamed_resource_still_guards_its_endpoint(guard: Guard) -> None:
    guard.bind("fraud-scorer", Wish(changed("routeOptimized", False), None))
    with pytest.raises(ValueError, match="routeOptimized: true -> not set"):
        ask(guard, ENDPOINT, name="fraud")


def test_two_endpoints_do_not_exchange_their_names(guard: Guard) -> None:
    guard.bind("fraud", Wish(changed("name", "iris"), None))
    guard.bind("iris", Wish(ENDPOINT, None))
    with pytest.raises(ValueError, match='name: "fraud" -> "iris"'):
        ask(guard, ENDPOINT, name="fraud")


def test_an_endpoint_of_the_same_name_in_another_workspace_is_another_wish(guard: Guard) -> None:
    guard.bind("elsewhere", Wish(changed("routeOptimized", False), None))
    guard.bind("fraud", Wish(ENDPOINT, None))
    ask(guard, ENDPOINT)


def test_the_replacement_of_the_endpoint_whose_id_is_written_down_is_allowed(guard: Guard) -> None:
    guard.bind("fraud", Wish(changed("routeOptimized", False), ID))
    ask(guard, ENDPOINT)


def test_the_id_of_another_endpoint_allows_nothing(guard: Guard) -> None:
    guard.bind("fraud", Wish(changed("routeOptimized", False), "f" * 32))
    with pytest.raises(ValueError, match=f"id {ID}"):
        ask(guard, ENDPOINT)
    with pytest.raises(ValueError, match=f"`replace_id: {'f' * 32}` is declared, which is another endpoint's id"):
        ask(guard, ENDPOINT)


def test_an_update_in_place_behind_a_one_way_door_is_refused_even_with_the_id(guard: Guard) -> None:
    external = changed("config.servedEntities", [{"name": "champion", "externalModel": {"provider": "openai"}}])
    guard.bind("fraud", Wish(external, ID))
    with pytest.raises(ValueError, match="externalModel: false -> true"):
        ask(guard, ENDPOINT, new=external)


def output(value: Any, *, known: bool = True) -> pulumi.Output[Any]:
    """An output, made where a loop runs, as the program's are."""
    futures = [asyncio.get_running_loop().create_future() for _ in range(3)]
    for future, result in zip(futures, (value if known else None, known, True), strict=True):
        future.set_result(result)
    return pulumi.Output(set(), *futures)


@pytest.mark.parametrize(
    ("wanted", "known", "is_refused"), [(False, True, True), (True, True, False), (None, False, False)]
)
def test_a_wish_that_is_an_output_counts_when_it_is_known(
    guard: Guard, wanted: bool | None, known: bool, is_refused: bool
) -> None:
    async def wish_and_ask() -> None:
        guard.bind("fraud", Wish(changed("routeOptimized", output(wanted, known=known)), None))
        old = {**ENDPOINT, "name": output("fraud")}
        args = pulumi.ResourceHookArgs(urn="urn", id="fraud", name="fraud", type="t", old_inputs=old)
        await guard.refuse(args)

    if is_refused:
        with pytest.raises(ValueError, match="routeOptimized: true -> not set"):
            asyncio.run(wish_and_ask())
    else:
        asyncio.run(wish_and_ask())


def ask_for_deletion(guard: Guard, answer: str | None, may_replace: str | None = None) -> None:
    """Delete an endpoint that is declared as it is; `answer` is the id that its registration is answered with."""

    async def run() -> None:
        answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        guard.bind("fraud", Wish(ENDPOINT, may_replace))
        followed = guard.follow("fraud", pulumi.Output.from_input(answered))
        if answer:
            answered.set_result(answer)
            await followed.answered
        old = {"servingEndpointId": ID}
        args = {"urn": "urn", "id": "fraud", "name": "fraud", "type": "t", "old_inputs": ENDPOINT, "old_outputs": old}
        try:
            await guard.refuse(pulumi.ResourceHookArgs(**args))
        finally:
            followed.answered.cancel()

    asyncio.run(run())


def test_a_replacement_without_a_changed_field_is_refused(guard: Guard) -> None:
    with pytest.raises(ValueError, match="is live and would be replaced without a change that needs it") as refusal:
        ask_for_deletion(guard, answer=None)
    assert f"`replace_id: {ID}`" in str(refusal.value)


def test_a_replacement_without_a_changed_field_is_allowed_by_the_id(guard: Guard) -> None:
    ask_for_deletion(guard, answer=None, may_replace=ID)


def test_a_destroyed_endpoint_may_go_although_it_is_declared(guard: Guard) -> None:
    ask_for_deletion(guard, answer=ID)
