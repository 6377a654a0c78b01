"""What the state remembers of a rollback, where it remembers an endpoint's rollouts."""

import getpass
import os
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from model_serving.delivery.rollback.deployed import DeployedEndpoint
from model_serving.delivery.rollback.goal import Goal
from model_serving.spec.files.rollout_step import EndpointStep
from model_serving.spec.rollout_record import Entry, Owner, Split, Status, Verdict, utc
from model_serving.spec.rollout_steps import gaining


def rollback_step(deployed: DeployedEndpoint, live: Split, goal: Goal) -> EndpointStep | None:
    """The step that ends a running rollout and notes the rollback; None where nothing is remembered.

    Whoever runs the rollout finds another revision of the record at its next step, and stops.
    """
    if not deployed.history:
        return None
    now, record = utc(datetime.now(UTC)), deployed.history.record
    share = sum(live.get(name, 0) for name in gaining(record.start, record.target))
    reason = f"rolled back by {_who()}"
    ended = record.ended(Verdict.STOPPED, now, reason)
    run = secrets.token_hex(4)
    entry = Entry(now, run, dict(live), dict(goal.traffic), Verdict.BACK, now, reason)
    after = replace(
        ended,
        revision=secrets.token_hex(8),
        status=Status.FAILED,
        owner=Owner(),
        split=dict(goal.traffic),
        previous=dict(goal.traffic),
        step=secrets.token_hex(4),
        reason=f"{share} %: {reason}",
        is_judged=True,  # a deployment of the same target needs a person who wants it
        entries=(*ended.entries, entry),
    )
    return EndpointStep(dict(goal.traffic), after.to_json(), record.revision, after.step)


def _who(environment: Mapping[str, str] = os.environ) -> str:
    """Who runs this command: the forge's user in a pipeline, else the shell's."""
    named = environment.get("GITHUB_ACTOR") or environment.get("GITLAB_USER_LOGIN")
    try:
        return named or getpass.getuser()
    except (KeyError, OSError):
        return "an unnamed user"
