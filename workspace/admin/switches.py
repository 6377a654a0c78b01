"""Switches: behaviours of the service that are undocumented or have changed, and the choice of one.

The first answer of a switch is the default. `python -m workspace --switch NAME=ANSWER` selects another one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Switch:
    """A question about the service with several plausible answers; `evidence` supports the first, the default."""

    name: str
    question: str
    answers: tuple[str, ...]
    evidence: str


SWITCHES: Final = (
    Switch(
        "absent-scale-to-zero",
        "What does a custom model without `scale_to_zero_enabled` mean?",
        ("false", "refused"),
        "Databricks' Go SDK, and so the provider, omits false for a served entity, so that absent means false. In"
        ' 2024 the service answered 400 "scaleToZeroEnabled is undefined"'
        " (terraform-provider-databricks issues 3946 and 4064).",
    ),
    Switch(
        "duplicate-name",
        "Which status does a second endpoint with the same name get?",
        ("400", "409"),
        "The REST reference of create lists 400 and no 409; the Databricks CLI's test server answers 409. Clients use"
        " the code only, RESOURCE_ALREADY_EXISTS in both.",
    ),
    Switch(
        "delete-while-updating",
        "Can an endpoint be deleted while an update runs?",
        ("allowed", "409"),
        "The REST reference of delete lists no 409; one public repository handles a conflict there.",
    ),
    Switch(
        "query-before-deployment",
        "Which status does a query get while an endpoint has no active config?",
        ("400", "404"),
        "Not documented. A stopped endpoint is known to answer 400.",
    ),
    Switch(
        "token-of-another-endpoint",
        "Which status does a token get whose authorization details name a different endpoint?",
        ("403", "401"),
        "Not documented. A token without authorization details is known to get 401.",
    ),
    Switch(
        "permissions-of-a-deleted-endpoint",
        "Can the access control list of a deleted endpoint be read?",
        ("200", "404"),
        "The Databricks CLI's acceptance recordings on a real workspace show the old list; most emulators answer 404.",
    ),
    Switch(
        "permissions-of-a-deleted-principal",
        "Does the access control list of an endpoint have the entries of principals that were deleted?",
        ("gone", "kept"),
        "Not documented.",
    ),
    Switch(
        "access-list-readers",
        "Who may read the access control list of an endpoint?",
        ("CAN_VIEW", "CAN_MANAGE"),
        "Not documented. The table of abilities in the product documentation has only changing permissions, for"
        " CAN_MANAGE.",
    ),
    Switch(
        "grants-of-others",
        "Does an identity that may not manage the grants of a securable see those of others?",
        ("shown", "hidden"),
        "Not documented for the REST API. Privileges are granted by metastore admins, owners and holders of MANAGE.",
    ),
    Switch(
        "entity-of-a-route-optimized-endpoint",
        "Can a single served entity be queried under a route-optimized URL?",
        ("200", "404"),
        "The path `/served-models/{entity}/invocations` is documented for the workspace URL, and not for"
        " route-optimized URLs.",
    ),
    Switch(
        "direct-url",
        "Does a new route-optimized endpoint have its `endpoint_url` immediately?",
        ("at-once", "later"),
        "The REST reference doesn't document when the URL is available; the Databricks CLI's test server answers"
        " without one. `later` is three seconds after the first deployment.",
    ),
    Switch(
        "concurrency-between-steps",
        "Is a provisioned concurrency accepted that is not a multiple of 4?",
        ("refused", "accepted"),
        "The form of Databricks' own page for endpoints refuses it. The REST reference has no such rule.",
    ),
    Switch(
        "update-of-a-stopped-endpoint",
        "Does a config update start a stopped endpoint?",
        ("starts", "stays-stopped"),
        "Not documented. One user's notes of 2026 measure that a config update brings a stopped endpoint back to READY;"
        " another user's script expects it to stay stopped.",
    ),
    Switch(
        "stop-of-a-route-optimized-endpoint",
        "Can a route-optimized endpoint be stopped?",
        ("allowed", "refused"),
        "The documentation's only conditions are custom models and no update in progress.",
    ),
    Switch(
        "missing-endpoint",
        "Does the 404 for a missing endpoint have an `error_code`?",
        ("with-code", "without-code"),
        "Users' logs of the service show RESOURCE_DOES_NOT_EXIST; the Databricks CLI's test server answers with"
        " a message only.",
    ),
)
DEFAULTS: Final = {switch.name: switch.answers[0] for switch in SWITCHES}


class SwitchError(Exception):
    """An unknown switch or answer."""


def parse_switches(choices: list[str]) -> Mapping[str, str]:
    """The answer of every switch, after choices of the form `NAME=ANSWER`. Raises SwitchError."""
    answers = dict(DEFAULTS)
    for choice in choices:
        name, _, answer = choice.partition("=")
        switch = next((each for each in SWITCHES if each.name == name), None)
        if switch is None:
            raise SwitchError(f"Unknown switch '{name}', allowed: {', '.join(DEFAULTS)}")
        if answer not in switch.answers:
            raise SwitchError(f"Switch '{name}' can't be '{answer}', allowed: {', '.join(switch.answers)}")
        answers[name] = answer
    return answers
