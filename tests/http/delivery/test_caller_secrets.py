"""Callers' secrets on a forge: written once, rotated, written again after a lost answer, and never shown."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from model_serving.cli.main import main
from model_serving.delivery.caller_secrets import retries
from model_serving.delivery.caller_secrets.credentials import Delivery, deliveries
from model_serving.delivery.caller_secrets.deliver import Outcome, deliver
from model_serving.delivery.caller_secrets.github_environment import seal
from model_serving.delivery.forges.client import ForgeError
from model_serving.errors import UserError
from model_serving.review.plan.credentials import secrets_of
from model_serving.spec.vocabulary.delivery import Delivery as Declared
from tests.support.fake_environments import decrypted
from tests.support.fake_forge import Answer, FakeForge, Stored, fake_forge, now

SECRET = "DATABRICKS_CLIENT_SECRET"
GITHUB = {"github": {"repository": "acme/checkout", "environment": "prod/eu"}}
GITLAB = {"gitlab": {"project": "acme/checkout", "environment_scope": "prod"}}
SCOPE = {"github": "prod/eu", "gitlab": "prod"}


def outputs(places: dict[str, Any], generation: int = 1) -> dict[str, Any]:
    """The outputs of a stack that delivers a secret to these places, as the program exports them."""
    declared = Declared.model_validate(places).forge_places
    delivery = {"secret_id": f"s{generation}", "generation": generation, **declared}
    checkout = {"application_id": "app", "client_secret": f"planted-secret-{generation}", "delivery": delivery}
    return {"service_principals": {"checkout": checkout, "other": {"application_id": "x", "client_secret": "y"}}}


@pytest.fixture(params=["github", "gitlab"])
def forge(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeForge]:
    monkeypatch.setattr(retries, "PAUSES", (0.0, 0.0))
    with fake_forge(request.param) as running:
        running.add_user("deliverer")
        running.environments["prod/eu"] = {}
        yield running


def wanted(forge: FakeForge, generation: int = 1) -> list[Delivery]:
    places = GITHUB if forge.kind == "github" else GITLAB
    return list(deliveries("prod", outputs(places, generation)))


def environment(forge: FakeForge, user: str = "deliverer") -> dict[str, str]:
    addresses = {"GITHUB_API_URL": forge.url, "CI_API_V4_URL": f"{forge.url}/api/v4"}
    return {**addresses, "MODEL_SERVING_DELIVERY_TOKEN": f"token-of-{user}"}


def run(forge: FakeForge, generation: int = 1, user: str = "deliverer") -> Outcome:
    (outcome,) = deliver(wanted(forge, generation), environment(forge, user))
    return outcome


def stored(forge: FakeForge) -> dict[str, str]:
    """The values that jobs of the environment get."""
    found = forge.environments[SCOPE[forge.kind]]
    return {name: decrypted(each) if each.is_secret else each.value for name, each in found.items()}


def marker(generation: int) -> str:
    return f"generation {generation}, secret s{generation}, stack prod"


def all_three(generation: int) -> dict[str, str]:
    secret = f"planted-secret-{generation}"
    return {SECRET: secret, "DATABRICKS_CLIENT_ID": "app", f"{SECRET}_ID": marker(generation)}


def test_jobs_get_the_credentials(forge: FakeForge) -> None:
    outcome = run(forge)
    assert stored(forge) == all_three(1)
    assert outcome.text.startswith("checkout to Git")
    assert outcome.text.endswith(": delivered (generation 1)")
    assert forge.writes[0].endswith(SECRET) or forge.kind == "gitlab"


def test_second_run_writes_nothing(forge: FakeForge) -> None:
    run(forge)
    before = forge.writes
    assert run(forge).text.endswith(": unchanged (generation 1)")
    assert forge.writes == before


def test_rotation_replaces_the_secret(forge: FakeForge) -> None:
    run(forge)
    assert run(forge, generation=2).text.endswith(": delivered (generation 2)")
    assert stored(forge) == all_three(2)


@pytest.mark.parametrize("name", [SECRET, "DATABRICKS_CLIENT_ID", f"{SECRET}_ID"])
def test_deleted_value_is_delivered_again(forge: FakeForge, name: str) -> None:
    run(forge)
    del forge.environments[SCOPE[forge.kind]][name]
    run(forge)
    assert stored(forge) == all_three(1)


@pytest.mark.parametrize("lost", range(3))
def test_lost_answer_is_sent_again(forge: FakeForge, lost: int) -> None:
    with fake_forge(forge.kind) as other:
        other.add_user("deliverer")
        other.environments["prod/eu"] = {}
        run(other)
        request = [each for each in other.writes if not each.startswith("PATCH")][lost]
    forge.lost_answers = {request}
    assert not run(forge).failed
    assert (stored(forge), forge.lost_answers) == (all_three(1), set())


def test_interrupted_delivery_is_repeated(forge: FakeForge) -> None:
    """The secret is there and its marker is not, as after a run that was killed."""
    run(forge)
    del forge.environments[SCOPE[forge.kind]][f"{SECRET}_ID"]
    assert run(forge, generation=2).text.endswith(": delivered (generation 2)")
    assert stored(forge) == all_three(2)


@pytest.mark.parametrize("forge", ["github"], indirect=True)
def test_secret_that_someone_overwrote_is_delivered_again(forge: FakeForge) -> None:
    run(forge)
    forge.environments["prod/eu"][SECRET] = Stored("theirs", now() + timedelta(seconds=5), is_secret=True)
    run(forge)
    assert stored(forge) == all_three(1)


@pytest.mark.parametrize("forge", ["gitlab"], indirect=True)
def test_gitlab_secret_is_masked_hidden_and_protected(forge: FakeForge) -> None:
    run(forge)
    settings = {name: each.settings for name, each in forge.environments["prod"].items()}
    plain = {"protected": True, "raw": True}
    assert settings[SECRET] == {**plain, "masked": True, "hidden": True}
    assert settings["DATABRICKS_CLIENT_ID"] == {**plain, "masked": False, "hidden": False}


@pytest.mark.parametrize("forge", ["gitlab"], indirect=True)
def test_gitlab_variable_of_an_older_release_is_masked(forge: FakeForge) -> None:
    settings = {"protected": False, "raw": False, "masked": False, "hidden": False}
    forge.environments["prod"] = {SECRET: Stored("old", now(), settings=settings)}
    run(forge)
    assert stored(forge) == all_three(1)
    assert forge.environments["prod"][SECRET].settings == {**settings, "protected": True, "raw": True, "masked": True}
    assert run(forge).text.endswith("unchanged (generation 1)")


@pytest.mark.parametrize("forge", ["github"], indirect=True)
def test_missing_environment_is_named(forge: FakeForge) -> None:
    forge.environments.clear()
    outcome = run(forge)
    assert outcome.failed
    assert "checkout to GitHub acme/checkout, environment prod/eu: GitHub has nothing at" in outcome.text


def test_refused_token_is_explained_without_values(forge: FakeForge) -> None:
    forge.add_user("visitor", "read")
    for user, explained in (
        ("visitor", "allows this token no"),
        ("nobody", "rejected the token in MODEL_SERVING_DELIVERY"),
    ):
        outcome = run(forge, user=user)
        assert outcome.failed
        assert explained in outcome.text
        assert "planted" not in outcome.text
        assert "token-of" not in outcome.text


def test_error_that_repeats_the_secret_is_scrubbed(forge: FakeForge) -> None:
    forge.failure = Answer(500, {"message": "could not store planted-secret-1"})
    outcome = run(forge)
    assert outcome.failed
    assert "could not store [secret]" in outcome.text


def test_one_failure_does_not_stop_others(forge: FakeForge) -> None:
    first = wanted(forge)[0]
    place = {**first.place, "repository": "acme/nothing", "project": "acme/nothing"}
    found = list(deliver([replace(first, place=place), first], environment(forge)))
    assert [each.failed for each in found] == [True, False]
    assert stored(forge) == all_three(1)


@pytest.mark.parametrize("forge", ["github"], indirect=True)
def test_each_forge_may_have_a_token_of_its_own(forge: FakeForge) -> None:
    tokens = {"MODEL_SERVING_GITHUB_DELIVERY_TOKEN": "token-of-deliverer", "MODEL_SERVING_DELIVERY_TOKEN": "other"}
    (outcome,) = deliver(wanted(forge), {**environment(forge), **tokens})
    assert not outcome.failed
    assert secrets_of(tokens) == {"token-of-deliverer", "other"}


@pytest.mark.parametrize("forge", ["github"], indirect=True)
def test_no_forge_gets_the_token_of_another(forge: FakeForge) -> None:
    both = list(deliveries("prod", outputs({**GITHUB, **GITLAB})))
    with pytest.raises(UserError, match=r"MODEL_SERVING_GIT\w+_DELIVERY_TOKEN is not set; no secret was sent"):
        list(deliver(both, environment(forge)))
    assert forge.requests == []


@pytest.mark.parametrize("forge", ["github"], indirect=True)
@pytest.mark.parametrize("token", ["", "plan\nted"])
def test_token_must_be_usable(forge: FakeForge, token: str) -> None:
    with pytest.raises(UserError, match=r"MODEL_SERVING_DELIVERY_TOKEN (is not set|has characters)") as refused:
        list(deliver(wanted(forge), {**environment(forge), "MODEL_SERVING_DELIVERY_TOKEN": token}))
    assert "plan" not in str(refused.value)


def test_key_that_is_none_is_refused() -> None:
    with pytest.raises(ForgeError, match="is not a key"):
        seal("planted", "bm8ga2V5")


def test_undeployed_secret_is_an_error() -> None:
    undeployed = outputs(GITHUB)
    undeployed["service_principals"]["checkout"]["client_secret"] = None
    with pytest.raises(UserError, match=r'"checkout" of stack "prod" has no secret yet\. Deploy the stack first'):
        list(deliveries("prod", undeployed))


@pytest.mark.parametrize("forge", ["github"], indirect=True)
def test_command_reads_the_outputs_itself(
    forge: FakeForge, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    printed = json.dumps(outputs(GITHUB))
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, printed, ""))
    for name, value in environment(forge).items():
        monkeypatch.setenv(name, value)
    for _ in range(2):
        assert main(["ci", "deliver-secrets", "--stack", "acme/models/prod"]) == 0
    monkeypatch.setenv("MODEL_SERVING_DELIVERY_TOKEN", "wrong")
    assert main(["ci", "deliver-secrets", "--stack", "prod"]) == 1
    text = "".join(capfd.readouterr())
    place = "checkout to GitHub acme/checkout, environment prod/eu"
    assert f"{place}: delivered (generation 1)\n{place}: unchanged (generation 1)\n" in text
    assert "planted" not in text


def test_stack_without_deliveries_needs_no_token(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, "{}", ""))
    monkeypatch.delenv("MODEL_SERVING_DELIVERY_TOKEN", raising=False)
    assert main(["ci", "deliver-secrets", "--stack", "prod"]) == 0
    assert capfd.readouterr().out == "Stack prod delivers no secrets to a forge\n"


def test_no_request_follows_a_redirect() -> None:
    """A redirect could lead the token and the secret to another host."""
    assert httpx.Client().follow_redirects is False
