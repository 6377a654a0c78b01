"""Which texts are removed from messages, and which similar ones stay."""

import random
import string

import pytest

from model_serving.review.plan.credentials import MASK, Scrubber, secrets_of
from toolchain.environment import PASSPHRASE

MESSAGES = (
    "stacks/Pulumi.local.yaml:6:5 endpoints.fraud-scorer: is wrong",
    "urn:pulumi:local::model-serving::pulumi:pulumi:Stack::model-serving-local",
    "`route_optimized` `true` → `false`",
    "https://prod.cloud.databricks.example/serving-endpoints/champion/invocations",
    "stacks/Pulumi.prod.yaml, production-is-protected, prod-review, review-prod.md",
    "urn:pulumi:prod::model-serving::model-serving:index:ServingEndpoint::prod",
)


def test_published_local_passphrase_is_no_secret() -> None:
    published = {"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE, "DATABRICKS_TOKEN": "planted-token"}
    assert secrets_of(published) == {"planted-token"}
    assert Scrubber(secrets_of(published))("Updating (local)") == "Updating (local)"
    assert secrets_of({"DATABASE_PASSWORD": PASSPHRASE}) == {PASSPHRASE}


@pytest.mark.parametrize("message", MESSAGES)
def test_secret_word_does_not_garble_names(message: str) -> None:
    scrub = Scrubber(
        ["local", "true", "FALSE", "prod", "fraud", "champion", "protected", "production", "model", "yaml"]
    )
    assert scrub(message) == message


@pytest.mark.parametrize(
    "message",
    [
        "the word is {}.",
        "PASSWORD: {}",
        '{{"pin":"{}"}}',
        "pin:{}",
        "?pin={}&x=1",
        "({})",
        "{}@host",
        "say {}, please",
        "{}",
    ],
)
@pytest.mark.parametrize("secret", ["prod", "abc1", "hunter2", "production"])
def test_short_secret_is_removed_where_it_stands_alone(message: str, secret: str) -> None:
    assert secret not in Scrubber([secret])(message.format(secret))


@pytest.mark.parametrize("seed", range(200))
def test_long_secret_is_removed_everywhere(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  planted, not a key
    kinds = string.ascii_letters + string.digits + "-_.~+/=$%"
    secret = "".join(chance.choice(kinds) for _ in range(chance.randrange(8, 40)))
    secret += "".join(chance.choice(string.ascii_letters) for _ in range(16 if secret.isalpha() else 0))
    around = ["".join(chance.choice(kinds + " \n\"',;:()") for _ in range(chance.randrange(12))) for _ in range(3)]
    scrubbed = Scrubber([secret, "abc1", "word"])(secret.join(around))
    assert secret not in scrubbed
    assert MASK in scrubbed
