"""What a plan changes beyond the traffic of the endpoints in rollout, and whether that was approved.

The plan of each step must be the approved one with other percentages. After a run that was killed, what is left must be
a part of it.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from model_serving.databricks.resource_types import MODEL_SERVING, SERVING_ENDPOINT_COMPONENT
from model_serving.delivery.rollout.traffic import split_of
from model_serving.review.assess.digest import PLAN, SHORT, STATE_SECRETS, Covered, planned
from model_serving.review.assess.grouping import address_of, owners
from model_serving.review.plan.preview import Step
from model_serving.spec.rollout_record import Approval, Split

_TRAFFIC: Final = "config.trafficConfig"


def endpoint_steps(steps: Iterable[Step]) -> dict[str, Step]:
    """The step of each endpoint of a stack file, by its key or `KEY.predecessor`; of a replaced one the last."""
    every = tuple(steps)
    owner_of = owners(every)
    return {
        address_of(owner_of[step.urn.text]): step
        for step in every
        if step.type == MODEL_SERVING and step.parent.type == SERVING_ENDPOINT_COMPONENT and step.op != "refresh"
    }


def changes(steps: Iterable[Step], keys: Collection[str]) -> tuple[str, ...]:
    """A short hash of each change of a plan, without the traffic of these endpoints; sorted."""
    every = [*steps]
    urns = {step.urn.text for key, step in endpoint_steps(every).items() if key in keys}
    return tuple(sorted({_hash(each) for each in _beyond_traffic(planned(every), urns)}))


def _beyond_traffic(written: Iterable[dict[str, Any]], urns: Collection[str]) -> Iterator[dict[str, Any]]:
    for each in written:
        # What is no resource is a fact that a person has to approve, such as that a rollback is undone.
        if each.get("resource") not in urns or each["operation"] != "update":
            yield each
            continue
        inputs = [change for change in each["inputs"] or () if not str(change[0]).startswith(_TRAFFIC)]
        kept = {**each, "inputs": inputs}
        if inputs or len({*map(str, each["protect"])}) > 1 or len({*map(str, each["retain"])}) > 1 or each["was"]:
            yield kept


def approval_of(digest: str, covered: Covered, steps: Iterable[Step], keys: Collection[str]) -> Approval:
    """What is kept of an approved report while its endpoints roll out."""
    return Approval(digest, _lasting(covered), changes(steps, keys))


def _lasting(covered: Covered) -> dict[str, str]:
    """The sections that stay as they are while the plan is deployed, with short hashes."""
    return {name: each[:SHORT] for name, each in covered.sections.items() if name not in (PLAN, STATE_SECRETS)}


def is_rest_of(approval: Approval, covered: Covered, steps: Iterable[Step], keys: Collection[str]) -> bool:
    """Whether a plan is what is left of an approved one.

    The same files, versions and workspace, and no change that was not approved. A secret that is still to be written
    may be another one than at the approval, so that plan is none.
    """
    is_same = approval.sections == _lasting(covered) and STATE_SECRETS not in covered.sections
    return is_same and {*changes(steps, keys)} <= {*approval.changes}


def unexpected_changes(steps: Iterable[Step], approved: Collection[str], splits: dict[str, Split]) -> tuple[str, ...]:
    """What a step's plan would do beyond the approved changes and these splits, in words; empty if it is as expected.

    `splits` are the traffic that each endpoint must have afterwards, by its key.
    """
    every = [*steps]
    found = endpoint_steps(every)
    urns = {found[key].urn.text for key in splits if key in found}
    others = [_words(each) for each in _beyond_traffic(planned(every), urns) if _hash(each) not in approved]
    wrong = [
        f"traffic of {key}"
        for key, split in splits.items()
        if key in found and split_of(found[key].new) != {name: share for name, share in split.items() if share}
    ]
    missing = [f"no {key}" for key in splits if key not in found]
    return (*others, *wrong, *missing)


def _words(change: Mapping[str, Any]) -> str:
    if "resource" in change:
        return f"{change['operation']} of {change['resource'].rpartition('::')[2]}"
    return ", ".join(f"{what} {of}" for what, of in change.items())


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=dict)
    return hashlib.sha256(text.encode()).hexdigest()[:SHORT]
