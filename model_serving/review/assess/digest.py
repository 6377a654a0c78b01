"""What a digest covers: all that `up` would do, in named sections with a hash each.

Left out is what no decision is about and what differs between readers: ids and addresses that the workspace assigns,
the identity that a provider signs in with, the order in which the engine works, and where the project's folder is.
Hidden and secret values are left out of the plan, so that nobody can guess them from a hash: their new values come from
the stack file, which is covered as a whole, with the ciphertexts in it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from model_serving.databricks.resource_types import PERMISSIONS, PROVIDERS
from model_serving.review.assess.rolled_back import undone_rollbacks
from model_serving.review.plan.diff import compare
from model_serving.review.plan.preview import Preview, Step
from model_serving.review.plan.redact import Hidden, Mark

_LENGTH: Final = 32
"""Hexadecimal digits of the digest: 128 bits."""
SHORT: Final = 12
"""Hexadecimal digits of a section's hash where it only names what differs."""

_NOT_WRITING: Final = ("same", "refresh", "read")
_CREATING: Final = ("create", "create-replacement", "import")
_WORKSPACE: Final = ("host", "accountId", "azureWorkspaceResourceId")
"""The settings of a provider that decide where it writes. The others may differ between reviewer and deployer."""
_OWN_PROVIDER: Final = f"{PROVIDERS}pulumi"
"""The engine's own, for what a program reads from it."""

PLAN: Final = "plan"
VERSIONS: Final = "versions"
WORKSPACE: Final = "workspace"
STATE_SECRETS: Final = "secrets-in-state"


@dataclass(frozen=True)
class Covered:
    """What a digest covers. `sections` has a hash of each section, `files` one of each file that decides."""

    sections: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The digest; the same for two previews that would do the same."""
        return _hash([self.sections, self.files])[:_LENGTH]


def covered(preview: Preview) -> Covered:
    """What the digest of a preview covers."""
    decided = preview.decided_by
    sections = {
        PLAN: _hash(planned(preview.steps)),
        VERSIONS: _hash(sorted({**decided.versions, **_provider_versions(preview.steps), **_packs(preview)}.items())),
    }
    if decided.workspace:
        sections[WORKSPACE] = _hash(decided.workspace)
    if secrets := decided.state_secrets if _writes_a_secret(preview.steps) else "":
        sections[STATE_SECRETS] = secrets
    for part in sorted({part_of(file) for file in decided.files}):
        sections[part] = _hash(sorted(item for item in decided.files.items() if part_of(item[0]) == part))
    return Covered(sections, dict(decided.files))


def part_of(file: str) -> str:
    """The section that a file belongs to: its folder at the top, or the file itself in `stacks/` and at the top."""
    folder, _, _ = file.partition("/")
    return file if folder == "stacks" else folder


def planned(steps: Iterable[Step]) -> list[Any]:
    """What the engine would write, as plain data in an order of its own."""
    every = [*steps]
    # A refresh that comes first already gives the resource its new options.
    before = {each.urn: each.safeguards_before for each in every if each.op == "refresh" and each.safeguards_before}
    known = [
        replace(step, safeguards_before=before.get(step.urn, step.safeguards_before))
        for step in every
        if step.op != "refresh" and step.type != _OWN_PROVIDER
    ]
    # Several resources may have one id, such as an endpoint's settings and its access: the same name each time.
    named = sorted(((step.id, step.urn.text) for step in known if step.id), reverse=True)
    ids = {each: f"the id of {urn}" for each, urn in named}
    first: dict[str, str] = {}
    for step in known:
        if step.op in ("delete-replaced", "create-replacement"):
            first.setdefault(step.urn.text, step.op)
    written = [_written(step, ids, first.get(step.urn.text, "")) for step in known if _is_covered(step)]
    # An approval from before a rollback is none for undoing it.
    undone = [{"undoes the rollback of": key} for key in undone_rollbacks(known)]
    return sorted([*written, *undone], key=json.dumps)


def _is_covered(step: Step) -> bool:
    """Whether a step writes to the workspace, or changes how the engine treats the resource from now on."""
    if step.type.startswith(PROVIDERS) and step.op in ("same", "update"):
        return step.op == "update" and _of_workspace(step.old) != _of_workspace(step.new)
    both = step.safeguards_before is not None and step.safeguards_after is not None
    protected = both and step.safeguards_before != step.safeguards_after
    return step.op not in _NOT_WRITING or protected or bool(step.old_urn)


def _written(step: Step, ids: Mapping[str, str], first: str) -> dict[str, Any]:
    return {
        "operation": step.op,
        "resource": step.urn.text,
        "was": step.old_urn,
        "provider": step.provider,
        "retained": step.retained,
        "first": first,  # whether a replaced resource is deleted before its successor exists
        "imported": step.id if step.op == "import" else "",
        "forced by": sorted(step.forced_by),
        "protect": [each and each.protect for each in (step.safeguards_before, step.safeguards_after)],
        "retain": [each and each.retain_on_delete for each in (step.safeguards_before, step.safeguards_after)],
        "inputs": _inputs(step, ids),
    }


def _inputs(step: Step, ids: Mapping[str, str]) -> Any:
    """The inputs of a new resource, or the changes of an existing one."""
    if step.type.startswith(PROVIDERS):
        return _plain([_of_workspace(step.old), _of_workspace(step.new)], ids)
    if step.op == "import" and step.type == PERMISSIONS:
        # The provider reads them without the caller's own entry, whoever that is; the program compares the whole list.
        return _plain({name: value for name, value in step.new.items() if name != "accessControls"}, ids)
    if step.op in _CREATING:
        return _plain(step.new, ids)
    if step.gone or not step.new:
        return None
    changes = compare(step.old, step.new, step.differs)
    return [[str(each), each.kind.value, _plain(each.old, ids), _plain(each.new, ids)] for each in changes]


def _of_workspace(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: inputs[name] for name in _WORKSPACE if name in inputs}


def _plain(value: Any, ids: Mapping[str, str]) -> Any:
    """A redacted value as plain data, with the ids of the stack's own resources by name."""
    if isinstance(value, Mapping):
        return {key: _plain(item, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, ids) for item in value]
    if isinstance(value, Mark):
        return {"mark": value.name}
    if isinstance(value, Hidden):
        return {"mark": "HIDDEN"}
    return ids.get(value, value) if isinstance(value, str) else value


def _writes_a_secret(steps: Iterable[Step]) -> bool:
    """Whether a secret is among what is written: its value may come from the state and not from a file."""
    return any(_is_secret_in(_inputs(step, {})) for step in steps if step.op not in _NOT_WRITING)


def _is_secret_in(value: Any) -> bool:
    if isinstance(value, Mapping):
        return value.get("mark") == Mark.SECRET.name or any(map(_is_secret_in, value.values()))
    return isinstance(value, list) and any(map(_is_secret_in, value))


def _provider_versions(steps: Iterable[Step]) -> dict[str, str]:
    providers = [step for step in steps if step.type.startswith(PROVIDERS) and step.type != _OWN_PROVIDER]
    return {step.urn.name: str(step.new.get("version") or step.old.get("version") or "") for step in providers}


def _packs(preview: Preview) -> dict[str, str]:
    return {f"policy pack {each}": "" for each in preview.packs}


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=dict)
    return hashlib.sha256(text.encode()).hexdigest()


def differing(before: Covered, after: Covered) -> Iterator[str]:
    """A sentence for each section that differs, with the files where both are known."""
    for name in sorted({*before.sections, *after.sections}):
        if before.sections.get(name, "")[:SHORT] == after.sections.get(name, "")[:SHORT]:
            continue
        files = sorted(
            file
            for file in {*before.files, *after.files}
            if part_of(file) == name and before.files.get(file) != after.files.get(file)
        )
        own = files if before.files and files != [name] else []
        yield _SENTENCES.get(name, f"{name} differs") + (f": {', '.join(own)}" if own else "")


_SENTENCES: Final = {
    PLAN: "the plan differs",
    VERSIONS: "the versions of the engine, the providers or the policy packs differ",
    WORKSPACE: "DATABRICKS_HOST differs",
    STATE_SECRETS: "the secrets in the state differ",
}
