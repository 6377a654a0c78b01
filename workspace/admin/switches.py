"""Where the service's answer is not known for sure, or has changed: both answers, and which one is given here.

The first answer of a switch is the default. `python -m workspace --switch NAME=ANSWER` chooses another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Switch:
    """A question about the service with several plausible answers; `evidence` says why the first is the default."""

    name: str
    question: str
    answers: tuple[str, ...]
    evidence: str


SWITCHES: Final = (
    Switch(
        "absent-scale-to-zero",
        "What does a custom model without `scale_to_zero_enabled` mean?",
        ("false", "refused"),
        "Databricks' Go SDK, and so the provider, leaves out false for a served entity: absent is how it says false. In"
        ' 2024 the service answered 400 "scaleToZeroEnabled is undefined"'
        " (terraform-provider-databricks issues 3946 and 4064).",
    ),
    Switch(
        "duplicate-name",
        "With which status is a second endpoint of one name refused?",
        ("400", "409"),
        "The REST reference of create lists 400 and no 409; the Databricks CLI's test server answers 409. Clients look"
        " at the code only, RESOURCE_ALREADY_EXISTS in both.",
    ),
    Switch(
        "delete-while-updating",
        "May an endpoint be deleted while an update runs?",
        ("allowed", "409"),
        "The REST reference of delete lists no 409; one public repository guards against a conflict there.",
    ),
    Switch(
        "query-before-deployment",
        "With which status is a query refused while an endpoint has no active config?",
        ("400", "404"),
        "Nobody published the answer. 400 is what a stopped endpoint is known to answer.",
    ),
    Switch(
        "token-of-another-endpoint",
        "With which status is a token refused whose authorization details name another endpoint?",
        ("403", "401"),
        "Nobody published the answer. A token without any details is known to get 401.",
    ),
    Switch(
        "permissions-of-a-deleted-endpoint",
        "Does the access control list of a deleted endpoint still answer?",
        ("200", "404"),
        "The Databricks CLI's acceptance recordings on a real workspace show the old list; most fakes answer 404.",
    ),
    Switch(
        "entity-of-a-route-optimized-endpoint",
        "Can one served entity be asked directly under a route-optimized URL?",
        ("200", "404"),
        "The path `/served-models/{entity}/invocations` is documented for the workspace URL; of route-optimized URLs"
        " nothing is said either way.",
    ),
    Switch(
        "direct-url",
        "Does a read of a new route-optimized endpoint have its `endpoint_url` at once?",
        ("at-once", "later"),
        "The REST reference promises the URL of a route-optimized endpoint and not from when on; the Databricks CLI's"
        " test server answers without one. `later` is three seconds after the first deployment.",
    ),
    Switch(
        "missing-endpoint",
        "Has the 404 for an endpoint that doesn't exist an `error_code`?",
        ("with-code", "without-code"),
        "Users' logs of the service show RESOURCE_DOES_NOT_EXIST; the Databricks CLI's test server answers a message"
        " alone.",
    ),
)
DEFAULTS: Final = {switch.name: switch.answers[0] for switch in SWITCHES}


class SwitchError(Exception):
    """A choice that no switch has; the text is for the one who made it."""


def chosen(choices: list[str]) -> Mapping[str, str]:
    """The answer of every switch, from texts `NAME=ANSWER`. Raises SwitchError for an unknown name or answer."""
    answers = dict(DEFAULTS)
    for choice in choices:
        name, _, answer = choice.partition("=")
        switch = next((each for each in SWITCHES if each.name == name), None)
        if switch is None:
            raise SwitchError(f"Unknown switch '{name}', there are: {', '.join(DEFAULTS)}")
        if answer not in switch.answers:
            raise SwitchError(f"Switch '{name}' can't be '{answer}', it is one of: {', '.join(switch.answers)}")
        answers[name] = answer
    return answers
