"""Keys of service principals that adopted endpoints name."""

from typing import Any

from model_serving.operations.adopt.entry import Destination, Entry
from model_serving.operations.adopt.principals import declared_keys, principals_section, with_new_keys
from model_serving.spec import Stack

ONE, TWO, THREE = (f"{number}1111111-abcd-1234-abcd-1234567890ab" for number in (1, 2, 3))


def access(**names: str) -> dict[str, Any]:
    ids = {"one": ONE, "two": TWO, "three": THREE}
    return {
        "access_control_list": [
            {"service_principal_name": ids[each].upper(), "display_name": name} for each, name in names.items()
        ]
    }


def test_display_names_become_keys() -> None:
    keys = with_new_keys({}, [access(one="Checkout App"), access(two="checkout-app", three="")], (), ())
    assert keys == {THREE: "principal", ONE: "checkout-app", TWO: "checkout-app-2"}


def test_known_keys_stay_and_taken_ones_are_left() -> None:
    keys = with_new_keys({ONE: "shop"}, [access(one="Other", two="shop", three="Batch")], {"batch"}, {TWO})
    assert keys == {ONE: "shop", THREE: "batch-2"}


def test_only_new_and_named_principals_are_declared() -> None:
    spec = Stack.model_validate({"service_principals": {"shop": {"application_id": ONE}}})
    assert declared_keys(spec) == {ONE: "shop"}
    limit = {"key": "service_principal", "principal": "batch", "calls": 7}
    permissions = [{"service_principal": "shop", "level": "CAN_QUERY"}, {"group": "ml", "level": "CAN_VIEW"}]
    entry = Entry("a", "a", "id", {"permissions": permissions, "ai_gateway": {"rate_limits": [limit]}})
    destination = Destination("dev", spec, principals={ONE: "shop", TWO: "batch", THREE: "unused"})
    assert principals_section([entry], destination) == {"batch": {"application_id": TWO}}
