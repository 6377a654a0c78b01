"""`--to`: a served entity, a split or a version that somebody chose."""

import re
from typing import Final

from model_serving.delivery.rollback.deployed import DeployedEndpoint
from model_serving.delivery.rollback.goal import Goal, served, whole_split
from model_serving.errors import UsageError
from model_serving.spec.validation.suggestions import suggestion

_WHOLE: Final = 100
_SHARE: Final = re.compile(r"\s*(?P<entity>[^=,\s]+)\s*=\s*(?P<share>\d{1,3})\s*%?\s*")


def chosen_goal(deployed: DeployedEndpoint, to: str) -> Goal:
    """The goal that `--to` names. Raises UsageError where it names none, or several."""
    if to in deployed.entities:
        return Goal(whole_split(deployed, {to: _WHOLE}), f"all traffic to {to}, by --to")
    if "=" in to:
        return Goal(whole_split(deployed, _split(deployed, to)), f"{to}, by --to")
    if re.fullmatch(r"v?\d+", to):
        return _version(deployed, to.removeprefix("v"))
    raise UsageError(f'--to {to}: {deployed.key} serves no "{to}". {_allowed(deployed, to)}')


def _split(deployed: DeployedEndpoint, to: str) -> dict[str, int]:
    parts = to.split(",")
    matches = [_SHARE.fullmatch(part) for part in parts]
    if wrong := [part for part, match in zip(parts, matches, strict=True) if not match]:
        raise UsageError(f'--to {to}: "{wrong[0]}" is not ENTITY=PERCENTAGE, as in champion=100,challenger=0')
    pairs = [(match["entity"], int(match["share"])) for match in matches if match]
    split = dict(pairs)
    if len(split) < len(pairs):
        raise UsageError(f"--to {to} names an entity twice")
    if unknown := [name for name in split if name not in deployed.entities]:
        raise UsageError(f'--to {to}: {deployed.key} serves no "{unknown[0]}". {_allowed(deployed, unknown[0])}')
    if sum(split.values()) != _WHOLE:
        raise UsageError(f"--to {to} sums to {sum(split.values())}: the percentages must sum to 100")
    return split


def _version(deployed: DeployedEndpoint, version: str) -> Goal:
    """The entity that has the version already gets all traffic; otherwise the one that receives it gets the version."""
    having = [each for each in deployed.entities.values() if each.version == version]
    if len(having) == 1:
        return Goal(
            whole_split(deployed, {having[0].name: _WHOLE}), f"all traffic to {having[0]}, which has that version"
        )
    if having:
        choices = ", ".join(f"--to {each.name}" for each in having)
        raise UsageError(f"--to {version}: several served entities have that version. Choose one: {choices}")
    live = [deployed.entities[name] for name in served(deployed.traffic) if name in deployed.entities]
    if len(live) != 1 or not live[0].version:
        serving = ", ".join(map(str, live)) or "none"
        raise UsageError(
            f"--to {version}: no served entity has that version, and one alone must receive traffic to get it; now it"
            f" is {serving}. {_allowed(deployed, version)}"
        )
    return Goal(
        whole_split(deployed, deployed.traffic), f"version {version}, by --to", versions={live[0].name: version}
    )


def _allowed(deployed: DeployedEndpoint, written: str) -> str:
    names = list(deployed.entities)
    example = ",".join(f"{name}={_WHOLE if not number else 0}" for number, name in enumerate(names))
    return f"{suggestion(written, names, 'Its served entities')}. Or a split, {example}, or a version, such as 7"
