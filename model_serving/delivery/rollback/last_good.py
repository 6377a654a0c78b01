"""The last good split of an endpoint: that before its last rollout, else what an earlier stack file declared."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from model_serving.delivery.git import GitError
from model_serving.delivery.rollback.declarations import Declaration, earlier_declarations, is_shallow
from model_serving.delivery.rollback.deployed import DeployedEndpoint
from model_serving.delivery.rollback.goal import Goal, served, whole_split
from model_serving.errors import UserError
from model_serving.operations.rollout_history import History
from model_serving.spec import Endpoint, ServedEntity, is_secret
from model_serving.spec.rollout_record import Split, split_text


def last_good_goal(stack: str, deployed: DeployedEndpoint, live: Split, folder: Path) -> Goal:
    """The goal of a rollback that names none. Raises UserError where it is not known."""
    if deployed.history and _is_last(deployed.history, deployed):
        goal = _before_rollout(deployed, deployed.history, live)
        if goal:
            return goal
    if deployed.is_rolled_back:
        raise _nothing(deployed, f"was rolled back already and serves {split_text(live)}")
    return _before_deployment(stack, deployed, folder)


def _is_last(history: History, deployed: DeployedEndpoint) -> bool:
    """Whether the last rollout is what has moved the traffic last, and not a later deployment without steps."""
    if history.is_running:
        return True  # it may have moved nothing yet
    record = history.record
    reached = [each.split for each in history.entries if each.run == record.run]
    return any(served(each) == served(deployed.traffic) for each in (record.split, record.target, *reached))


def _before_rollout(deployed: DeployedEndpoint, history: History, live: Split) -> Goal | None:
    """The split before the last rollout, also of one that runs and has moved nothing yet; None where it is live."""
    before = history.before
    if served(before) != served(live) or history.is_running:
        if missing := sorted(served(before).keys() - deployed.entities.keys()):
            gone = f"and {', '.join(missing)} is not deployed any more"
            raise _nothing(deployed, f"served {split_text(before)} before its last rollout, {gone}")
        begun = next((each.time[:16] for each in history.entries if each.run == history.record.run), "")
        why = f"the split before the rollout that began {begun} UTC".rstrip()
        return Goal(whole_split(deployed, before), why, _versions_before(deployed, history))
    if history.failed:
        why = f"since its last rollout failed at {history.record.reason}"
        raise _nothing(deployed, f"is back at {split_text(before)} already, {why}")
    return None


def _versions_before(deployed: DeployedEndpoint, history: History) -> dict[str, str]:
    """The versions that another one has replaced since: no step of the rollout has changed what had traffic before it.

    Raises UserError where an entity has another model since.
    """
    found: dict[str, str] = {}
    for name in served(history.before):
        entity, then = deployed.entities[name], history.record.entities.get(name)
        model, _, version = (then or "").rpartition(" v")
        if then is None or then == entity.model or (model, version) == (entity.model, entity.version):
            continue
        if model != entity.model:
            now = f"{name} was {then} then, and is {entity.label} now"
            raise _nothing(deployed, f"had another model before its last rollout: {now}")
        found[name] = version
    return found


def _before_deployment(stack: str, deployed: DeployedEndpoint, folder: Path) -> Goal:
    """The newest earlier declaration that differs from the one that is deployed."""
    declarations = earlier_declarations(stack, deployed.key, folder)
    try:
        current = next((each for each in declarations if _declares(each.endpoint, deployed)), None)
    except GitError as error:
        raise UserError(f"The stack files have no history here. {_choose(deployed)}\n{error}") from None
    if current is None:
        what = f"No commit of the stack files declares what {deployed.key} serves now"
        raise UserError(f"{what}{_shallow(folder)}. {_choose(deployed)}")
    earlier = next((each for each in declarations if _differs(each.endpoint, current.endpoint)), None)
    if earlier is None:
        what = f"No commit before {current} declares other served entities or traffic of {deployed.key}"
        raise UserError(f"{what}{_shallow(folder)}. {_choose(deployed)}")
    return _goal(deployed, current, earlier)


def _goal(deployed: DeployedEndpoint, current: Declaration, earlier: Declaration) -> Goal:
    versions: dict[str, str] = {}
    declared: dict[str, ServedEntity] = {}
    for name in served(earlier.endpoint.routes):
        entity, now = earlier.endpoint.served_entities[name], current.endpoint.served_entities.get(name)
        if entity == now:
            continue
        if entity.alias:
            raise UserError(
                f"{earlier} declares {name} by the alias {entity.entity}, and which version that was is not known."
                f" {_choose(deployed)}"
            )
        if now is not None and _except_version(entity) == _except_version(now) and entity.version:
            if entity.version != deployed.entities[name].version:
                versions[name] = entity.version
        else:
            declared[name] = _readable(entity, name, earlier)
    traffic = whole_split(deployed, served(earlier.endpoint.routes))
    return Goal(traffic, f"what {earlier} declares", versions, declared)


def _readable(entity: ServedEntity, name: str, declaration: Declaration) -> ServedEntity:
    if any(is_secret(each) for each in _values(entity.model_dump())):
        raise UserError(
            f"{declaration} declares encrypted values in {name}, which a rollback can't read: revert that commit's"
            " successor with git revert, and deploy"
        )
    return entity


def _values(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _values(each)
    else:
        yield value


def _except_version(entity: ServedEntity) -> ServedEntity:
    return entity.model_copy(update={"version": None, "entity": entity.model_name})


def _declares(endpoint: Endpoint, deployed: DeployedEndpoint) -> bool:
    """Whether a declaration is the one that is deployed. A version by alias is any of that model."""
    if served(endpoint.routes) != served(deployed.traffic) or {*endpoint.served_entities} != {*deployed.entities}:
        return False
    return all(
        entity.model_name == deployed.entities[name].model
        and (entity.alias or (entity.version or "") == deployed.entities[name].version)
        for name, entity in endpoint.served_entities.items()
    )


def _differs(one: Endpoint, other: Endpoint) -> bool:
    return served(one.routes) != served(other.routes) or one.served_entities != other.served_entities


def _shallow(folder: Path) -> str:
    """The reason that a pipeline's clone often has."""
    if not is_shallow(folder):
        return ""
    return ", and this clone has a part of the history only (git fetch --unshallow gets the rest)"


def _nothing(deployed: DeployedEndpoint, why: str) -> UserError:
    return UserError(f"Nothing to roll back: {deployed.key} {why}. {_choose(deployed)}")


def _choose(deployed: DeployedEndpoint) -> str:
    """What to write instead, with the entities that there are."""
    choices = " or ".join(f"--to {name}" for name in deployed.entities)
    return f"Say where to go: {choices}, a split such as --to NAME=90,NAME=10, or a version such as --to 7"
