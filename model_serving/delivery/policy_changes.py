"""Notices on changed policy settings and waivers: a change that alters what judges it."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from model_serving.delivery.git import GitError, branch_point, git, text_at
from model_serving.review.plan.notices import Notice, NoticeKind
from model_serving.spec import LoadedStack, SpecError, load
from model_serving.spec.field_path import FieldPath
from model_serving.spec.vocabulary.waiver import Waiver


def policy_notices(folder: Path, stack: str, since: str) -> Iterator[Notice]:
    """A notice for each level, setting and waiver of the stack that differs from where the branch left `since`.

    None where either side can't be read: an invalid stack file fails the preview anyway.
    """
    try:
        after = load(stack, folder / "stacks")
        before = _stack_at(folder, stack, branch_point(folder, since))
    except (SpecError, GitError):
        return
    old_policies, old_waivers = (before.stack.policies, before.stack.waivers) if before else ({}, {})
    yield from _changed_settings(old_policies, after)
    yield from _changed_waivers(old_waivers, after)


def _stack_at(folder: Path, stack: str, commit: str) -> LoadedStack | None:
    """The stack as it is in a commit; None if it is new. Raises SpecError and GitError."""
    with tempfile.TemporaryDirectory(prefix="model-serving-stacks-") as name:
        copy = Path(name) / "stacks"
        copy.mkdir()
        for file in git(folder, "ls-tree", "--name-only", commit, "stacks/").splitlines():
            if file.endswith(".yaml"):
                (copy / Path(file).name).write_text(text_at(folder, commit, file) or "", encoding="utf-8")
        return load(stack, copy) if (copy / f"Pulumi.{stack}.yaml").exists() else None


def _changed_settings(before: Mapping[str, Any], after: LoadedStack) -> Iterator[Notice]:
    old, new = _flat(before), _flat(after.stack.policies)
    for path in sorted({*old, *new}):
        if old.get(path) != new.get(path):
            change = f"{_shown(old.get(path))} → {_shown(new.get(path))}"
            text = f"The policy setting `{'.'.join(path)}` changes: {change}. It judges this change, too"
            yield _notice(text, after, ("policies", *path))


def _flat(policies: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """The value of each setting, by rule and name. A rule's level is its setting `level`."""
    return {
        (rule, name): value
        for rule, given in policies.items()
        for name, value in (given if isinstance(given, Mapping) else {"level": given}).items()
    }


def _shown(value: Any) -> str:
    return "the default" if value is None else f"`{_plain(json.dumps(value, ensure_ascii=False))}`"


def _changed_waivers(before: Mapping[str, Waiver], after: LoadedStack) -> Iterator[Notice]:
    waivers = after.stack.waivers
    for key in sorted({*before, *waivers}):
        old, new = before.get(key), waivers.get(key)
        if old == new:
            continue
        waiver = new or old
        assert waiver, "One side has it"
        verb = "is added" if old is None else "is removed" if new is None else "changes"
        until = f" until {waiver.expires} (owner {_plain(waiver.owner)}): {_plain(waiver.reason)}" if new else ""
        text = f"The waiver `{key}` of `{_plain(waiver.rule)}` for `{_plain(waiver.resource)}` {verb}{until}"
        yield _notice(text, after, ("waivers", key))


def _plain(text: str) -> str:
    """The text without what would end a quotation in the report."""
    return text.replace("`", "'").strip().removesuffix(".")


def _notice(text: str, after: LoadedStack, path: FieldPath) -> Notice:
    return Notice(NoticeKind.POLICY_CHANGED, text, after.location(path))
