"""docs/adoption.md shows what the command prints, and names every option and reason."""

import re
import shlex
from typing import Any

from model_serving.cli.adopt import adopt_command
from model_serving.databricks.access_lists import access_list_path
from model_serving.operations.adopt.entry import Reason
from tests.http.operations.adopt.conftest import Adopter, entity
from tests.support.running_workspace import PROJECT

PAGE = (PROJECT / "docs" / "adoption.md").read_text(encoding="utf-8")
OWN = """\
# Production. Ask the team before you edit it.
config:
  databricks:host: {host}
"""


def block(language: str) -> str:
    return PAGE.partition(f"```{language}\n")[2].partition("```")[0]


def made_by_hand(adopter: Adopter) -> tuple[str, str]:
    """The endpoints of the page: the id of the first, and the application id that may query it."""
    principals = "/api/2.0/preview/scim/v2/ServicePrincipals"
    caller = str(adopter.frozen.call("POST", principals, {"displayName": "Checkout app"})["applicationId"])
    secret: dict[str, Any] = {"environment_vars": {"API_KEY": "{{secrets/serving/api-key}}"}}
    shares = {"champion": 95, "challenger": 5}
    routes = [{"served_entity_name": name, "traffic_percentage": each} for name, each in shares.items()]
    served = [entity(**secret), entity("challenger", "8")]
    more: dict[str, Any] = {
        "config": {"served_entities": served, "traffic_config": {"routes": routes}},
        "tags": [{"key": "team", "value": "risk"}],
        "ai_gateway": {
            "guardrails": {"input": {"pii": {"behavior": "BLOCK"}}},
            "usage_tracking_config": {"enabled": True},
        },
    }
    identity = adopter.create("fraud-scorer", route_optimized=True, **more)
    access = [
        {"service_principal_name": caller, "permission_level": "CAN_QUERY"},
        {"group_name": "ml-engineers", "permission_level": "CAN_MANAGE"},
    ]
    adopter.frozen.call("PATCH", access_list_path(identity), {"access_control_list": access})
    plain = entity(environment_vars={"API_KEY": "sk-planted-value"})
    adopter.create("fraud-old", config={"served_entities": [plain]})
    external = {"name": "gpt", "external_model": {"name": "gpt", "provider": "openai", "task": "llm/v1/chat"}}
    adopter.create("fraud-gpt", config={"served_entities": [external]})
    return identity, caller


def test_the_page_shows_what_is_printed(adopter: Adopter) -> None:
    identity, caller = made_by_hand(adopter)
    (adopter.folder / "stacks/Pulumi.dev.yaml").unlink()
    (adopter.folder / "stacks/Pulumi.prod.yaml").write_text(OWN.format(host=adopter.frozen.origin))
    outcome = adopter.run("--name", "fraud-*", stack="prod")
    assert outcome.status == 0
    shown = outcome.out.replace(identity, "0123456789abcdef0123456789abcdef")
    shown = shown.replace(caller, "12345678-abcd-1234-abcd-1234567890ab")
    assert shown.replace(adopter.frozen.origin, "https://prod.cloud.databricks.example") == block("diff")
    assert block("text") in outcome.err


def test_every_command_of_the_page_is_understood() -> None:
    commands = re.findall(r"model-serving adopt [^`\n]*", PAGE)
    assert len(commands) >= 3
    for command in commands:
        adopt_command.make_context("adopt", shlex.split(command)[2:])


def test_the_page_has_every_option_and_reason() -> None:
    options = {each.opts[0] for each in adopt_command.params} - {"--stack"}
    assert {each for each in options if f"| `{each}" not in PAGE} == set()
    assert {str(reason) for reason in Reason if f"`{reason}`" not in PAGE} == set()
