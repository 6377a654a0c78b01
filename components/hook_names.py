"""Names of resource hooks. The engine prints one with each error of its hook and takes each name once in a run."""

import asyncio
import weakref
from collections import Counter

_used: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Counter[str]] = weakref.WeakKeyDictionary()


def hook_name(text: str) -> str:
    """The text, numbered from its second use in a run on: two components may have one name."""
    used = _used.setdefault(asyncio.get_event_loop(), Counter())
    used[text] += 1
    return text if used[text] == 1 else f"{text} ({used[text]})"
