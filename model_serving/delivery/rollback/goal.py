"""Where a rollback goes: a split, and the served entities that get another version for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from model_serving.databricks.naming import model_label
from model_serving.delivery.rollback.deployed import DeployedEndpoint
from model_serving.spec.vocabulary.stack import ServedEntity


@dataclass(frozen=True)
class Goal:
    """What serves after the rollback."""

    traffic: Mapping[str, int]
    """The whole split: every served entity with its percentage."""
    why: str
    """Where it comes from, such as `the split before the rollout of 2026-11-21`."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """The versions of deployed entities that change."""
    declared: Mapping[str, ServedEntity] = field(default_factory=dict)
    """Entities that are deployed again as an earlier stack file declared them."""
    pinned: tuple[str, ...] = ()
    """Entities that the stack files declare by an alias, which has moved since: they keep their version."""

    def model_of(self, deployed: DeployedEndpoint, entity: str) -> str:
        """Model and version that an entity serves afterwards, for people."""
        if entity in self.declared:
            declared = self.declared[entity]
            return model_label(declared.model_name, declared.version)
        own = deployed.entities[entity]
        return model_label(own.model, self.versions.get(entity, own.version))


def whole_split(deployed: DeployedEndpoint, shares: Mapping[str, int]) -> dict[str, int]:
    """The shares in the order of the live split, with 0 for every other served entity; new ones come last."""
    names = dict.fromkeys([*deployed.traffic, *deployed.entities, *shares])
    return {name: shares.get(name, 0) for name in names}


def served(split: Mapping[str, int]) -> dict[str, int]:
    """The entities of a split that receive traffic."""
    return {name: share for name, share in split.items() if share}
