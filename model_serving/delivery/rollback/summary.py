"""What a rollback does, for the person who confirms it.

Source: product documentation, create custom model serving endpoints: what served before serves until an
update has ended, no other update can be made until then, and `Cancel update` on the endpoint's page ends it.
"""

from collections.abc import Iterator, Mapping

from model_serving.databricks.naming import model_label
from model_serving.delivery.rollback.deployed import DeployedEndpoint
from model_serving.delivery.rollback.goal import served
from model_serving.delivery.rollback.rollback import PlannedRollback
from model_serving.spec.rollout_record import split_text


def rollback_summary(planned: PlannedRollback) -> str:
    """Where the endpoint goes from where, who is affected, and how long it takes."""
    return "\n".join(_lines(planned)) + "\n"


def _lines(planned: PlannedRollback) -> Iterator[str]:
    deployed, live, goal = planned.deployed, planned.live, planned.goal
    yield f"Roll back {_named(deployed)} of stack {planned.targets.stack}: {goal.why}"
    yield f"  serves now:   {_models(planned, live.traffic, is_after=False)}"
    yield f"  serves after: {_models(planned, served(goal.traffic), is_after=True)}"
    yield f"  callers:      {_callers(planned)}; the URL and the permissions stay"
    if planned.companion:
        yield f"  predecessor:  {planned.companion.name} serves the same, and goes back with it"
    if planned.redeployed:
        yield (
            f"  takes:        minutes, since {', '.join(planned.redeployed)} must be deployed first; until then the"
            f" endpoint serves {split_text(live.traffic)} as now"
        )
    if live.is_updating:
        yield (
            "  an update of the endpoint is in progress, and the workspace takes no other change until it ends; `Cancel"
            " update` on the endpoint's page in Databricks ends it at once"
        )
    if live.is_stopped:
        start = f"model-serving start {deployed.key} --stack {planned.targets.stack}"
        yield f"  it is stopped: requests get 400 until it is started, {start}"
    if deployed.history and deployed.history.is_running:
        yield f"  the rollout {deployed.history.record.run} is running: it stops at its next step"
    for name in goal.pinned:
        own = deployed.entities[name]
        yield f"  {name} is declared by an alias that is another version's now: it stays at version {own.version}"


def _named(deployed: DeployedEndpoint) -> str:
    return deployed.key if deployed.name == deployed.key else f"{deployed.key} ({deployed.name})"


def _models(planned: PlannedRollback, split: Mapping[str, int], *, is_after: bool) -> str:
    return ", ".join(f"{name} {share} % ({_model(planned, name, is_after=is_after)})" for name, share in split.items())


def _model(planned: PlannedRollback, name: str, *, is_after: bool) -> str:
    if is_after:
        return planned.goal.model_of(planned.deployed, name)
    model, version = planned.live.versions.get(name, ("", ""))
    return model_label(model, version)


def _callers(planned: PlannedRollback) -> str:
    before, after = planned.live.traffic, served(planned.goal.traffic)
    moved = sum(max(0, share - before.get(name, 0)) for name, share in after.items())
    return f"{moved} % of the requests are answered by another served entity" if moved else "every request"
