"""What is new in a log that is read again and again, as its whole text or the end of it."""


class Tail:
    """Gives every line of a growing log once. The service may drop lines at its beginning, or start it over."""

    def __init__(self) -> None:
        self._seen = ""
        self._unfinished = ""
        self.started_over = False
        """Whether the last text had nothing in common with the one before it: another log, or lines were missed."""

    def new(self, text: str) -> str:
        """The part of the text that no earlier call gave. A last line without its end is given when it stays so."""
        fresh = self._fresh(text)
        end = len(text) if fresh and self._is_still(text) else text.rfind("\n") + 1
        self._unfinished = text[end:]
        given = max(0, end - (len(text) - len(fresh)))
        if fresh:
            self._seen = text[: len(text) - len(fresh) + given]
        return fresh[:given]

    def _is_still(self, text: str) -> bool:
        """Whether the text ends with the same unfinished line as the last one."""
        last = text[text.rfind("\n") + 1 :]
        return bool(last) and last == self._unfinished

    def _fresh(self, text: str) -> str:
        """What follows what was seen; nothing for an answer that is older than the last one."""
        self.started_over = False
        if text.startswith(self._seen):
            return text[len(self._seen) :]
        if self._seen.startswith(text):
            return ""
        seen, lines = self._seen.splitlines(), text.splitlines(keepends=True)
        bare = [line.rstrip("\r\n") for line in lines]
        for start, line in enumerate(seen):
            if line == bare[0] and seen[start:] == bare[: len(seen) - start]:
                return "".join(lines[len(seen) - start :])
        self.started_over = True
        return text
