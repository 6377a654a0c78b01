"""Unique names of resource hooks. The engine prints a hook's name with its errors and accepts each name once a run."""

from collections import Counter

from model_serving.components.engine.program_run import PerRun

_used: PerRun[Counter[str]] = PerRun(Counter)


def unique_hook_name(name: str) -> str:
    """The name, numbered from its second use in a run: two components may have the same name."""
    used = _used.get()
    used[name] += 1
    return name if used[name] == 1 else f"{name}-{used[name]}"
