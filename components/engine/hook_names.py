"""Names of resource hooks. The engine prints one with each error of its hook and takes each name once in a run."""

from collections import Counter

from model_serving.components.engine.program_run import PerRun

_used: PerRun[Counter[str]] = PerRun(Counter)


def hook_name(text: str) -> str:
    """The text, numbered from its second use in a run on: two components may have one name."""
    used = _used.get()
    used[text] += 1
    return text if used[text] == 1 else f"{text} ({used[text]})"
