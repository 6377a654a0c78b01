"""Lists in the text of a YAML file: the items that stay keep their lines, and what can't be kept is written again."""

import pytest
import yaml

from model_serving.delivery.yaml_edit import with_value

TEXT = """\
endpoints:
  fraud:
    permissions:
      # who operates it
      - {group: ml-engineers, level: CAN_MANAGE}  # on call
      - group: analysts
        level: CAN_VIEW  # read only
      # the shop
      - {service_principal: checkout, level: CAN_QUERY}
    tags: {team: risk}  # owner
"""
PATH = ("endpoints", "fraud", "permissions")
MANAGERS, ANALYSTS, SHOP = yaml.safe_load(TEXT)["endpoints"]["fraud"]["permissions"]
NEW = {"user": "ann@example.com", "level": "CAN_QUERY"}


def changed(*items: dict[str, str]) -> str:
    text = with_value(TEXT, PATH, [*items])
    assert yaml.safe_load(text)["endpoints"]["fraud"] == {"permissions": [*items], "tags": {"team": "risk"}}
    return text


def test_new_item_is_one_new_line() -> None:
    line = "      - {user: ann@example.com, level: CAN_QUERY}\n"
    assert changed(MANAGERS, ANALYSTS, SHOP, NEW) == TEXT.replace("    tags:", f"{line}    tags:")


def test_removed_item_takes_its_lines_along() -> None:
    gone = "      - group: analysts\n        level: CAN_VIEW  # read only\n"
    assert changed(MANAGERS, SHOP) == TEXT.replace(gone, "")


def test_changed_item_is_written_anew() -> None:
    text = changed(MANAGERS, {**ANALYSTS, "level": "CAN_MANAGE"}, SHOP)
    assert "      - {group: analysts, level: CAN_MANAGE}\n" in text
    assert all(comment in text for comment in ("# who operates it", "# on call", "# the shop", "# owner"))


def test_other_order_moves_whole_items() -> None:
    text = changed(SHOP, MANAGERS, ANALYSTS)
    assert text.index("# the shop") < text.index("# on call") < text.index("# read only")


def test_last_line_without_a_break_gets_one() -> None:
    text = with_value("readers:\n- a  # first\n- b", ("readers",), ["b", "c"])
    assert text == "readers:\n- b\n- c\n"


@pytest.mark.parametrize(
    "text", ["a: &a [x]\nlist:\n  - *a\n  - y\n", "list:\n  - - x\n    - y\n", "list: [x, y]\n", "list:\n  - x\n"]
)
def test_every_style_of_list_is_changed(text: str) -> None:
    assert yaml.safe_load(with_value(text, ("list",), ["z", "x"]))["list"] == ["z", "x"]


def test_empty_list_is_written_as_one() -> None:
    assert yaml.safe_load(with_value(TEXT, PATH, []))["endpoints"]["fraud"]["permissions"] == []
