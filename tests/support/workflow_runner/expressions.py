"""GitHub's expressions: `${{ needs.changed.outputs.stacks != '[]' }}`.

Source: docs.github.com/actions, "Evaluate expressions in workflows and actions".
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Contexts = Mapping[str, Any]
Functions = Mapping[str, Callable[..., Any]]
"""Functions that depend on the run: success, failure, always, cancelled, hashFiles."""

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[<>!().,\[\]*]))"
)
_EXPRESSION: Final = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
STATUS_FUNCTIONS: Final = ("success", "failure", "always", "cancelled")
_OPEN: Final = ("env", "vars", "secrets", "inputs", "github.event")
"""Contexts that may lack a name: it is then empty. In every other, an unknown name is a mistake in the workflow."""


class ExpressionError(Exception):
    """An expression that this interpreter does not know, or that names something that isn't there."""


def interpolated(text: str, contexts: Contexts, functions: Functions) -> str:
    """The text with each `${{ }}` replaced by its value."""
    return _EXPRESSION.sub(lambda match: as_text(evaluate(match[1], contexts, functions)), text)


def value_of(value: Any, contexts: Contexts, functions: Functions) -> Any:
    """A value of the YAML: an expression alone keeps its type, anything else is text with expressions in it."""
    if not isinstance(value, str):
        return value
    if match := re.fullmatch(r"\s*\$\{\{(.*?)\}\}\s*", value, re.DOTALL):
        return evaluate(match[1], contexts, functions)
    return interpolated(value, contexts, functions)


def condition(value: Any, contexts: Contexts, functions: Functions) -> bool:
    """An `if:`, which may lack the `${{ }}`. Without a function of the status, `success()` must hold, too."""
    text = str(value)
    match = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", text, re.DOTALL)
    inner = match[1] if match else text
    if not re.search(rf"\b({'|'.join(STATUS_FUNCTIONS)})\s*\(", inner) and not functions["success"]():
        return False
    return truth(evaluate(inner, contexts, functions))


def truth(value: Any) -> bool:
    """Empty text, 0, null and false are false."""
    return value not in ("", 0, None, False)


def as_text(value: Any) -> str:
    """A value as GitHub writes it into text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping | list):
        raise ExpressionError(f"a map or a list can't be text: {value!r}. Use toJSON")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def evaluate(text: str, contexts: Contexts, functions: Functions) -> Any:
    """The value of an expression."""
    parser = _Parser(_tokens(text), contexts, {**_FUNCTIONS, **functions})
    value = parser.either()
    if parser.position != len(parser.tokens):
        raise ExpressionError(f"not understood: {text.strip()!r} from {parser.tokens[parser.position]!r} on")
    return value()


def _tokens(text: str) -> list[str]:
    found, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            raise ExpressionError(f"not understood: {text!r} from column {position + 1} on")
        found.append(match[0].strip())
        position = match.end()
    return found


def _format(pattern: str, *values: Any) -> str:
    return re.sub(r"\{(\d+)\}", lambda match: as_text(values[int(match[1])]), pattern)


def _contains(where: Any, what: Any) -> bool:
    if isinstance(where, Sequence) and not isinstance(where, str):
        return any(_equal(each, what) for each in where)
    return as_text(what).lower() in as_text(where).lower()


def _equal(left: Any, right: Any) -> bool:
    """Text is compared without case; values of two types as numbers, where text that is none equals nothing."""
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    if type(left) is type(right):
        return bool(left == right)
    return _number(left) == _number(right)


def _number(value: Any) -> float:
    if value is None or value == "":
        return 0.0
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


_FUNCTIONS: Final[Functions] = {
    "contains": _contains,
    "startsWith": lambda text, start: as_text(text).lower().startswith(as_text(start).lower()),
    "endsWith": lambda text, end: as_text(text).lower().endswith(as_text(end).lower()),
    "format": _format,
    "join": lambda values, between=",": between.join(map(as_text, values)),
    "toJSON": lambda value: json.dumps(value, indent=2),
    "fromJSON": json.loads,
}


Value = Callable[[], Any]
"""A part of an expression, evaluated when it is needed: the right side of && and || may not be."""


@dataclass
class _Parser:
    tokens: list[str]
    contexts: Contexts
    functions: Functions
    position: int = 0

    def either(self) -> Value:
        value = self.both()
        while self._took("||"):
            value = self._first(value, self.both(), wanted=True)
        return value

    def both(self) -> Value:
        value = self.comparison()
        while self._took("&&"):
            value = self._first(value, self.comparison(), wanted=False)
        return value

    @staticmethod
    def _first(left: Value, right: Value, *, wanted: bool) -> Value:
        """The left value if it is as wanted, else the right one."""

        def value() -> Any:
            found = left()
            return found if truth(found) is wanted else right()

        return value

    def comparison(self) -> Value:
        left = self.negation()
        for sign, equal in (("==", True), ("!=", False)):
            if self._took(sign):
                right = self.negation()
                return lambda: _equal(left(), right()) is equal
        return left

    def negation(self) -> Value:
        if self._took("!"):
            value = self.negation()
            return lambda: not truth(value())
        return self.primary()

    def primary(self) -> Value:
        token = self._next()
        if token == "(":
            value = self.either()
            self._expect(")")
            return self._members(value, "(…)")
        if token.startswith("'"):
            return lambda: token[1:-1].replace("''", "'")
        if re.fullmatch(r"-?\d+(\.\d+)?", token):
            return lambda: float(token) if "." in token else int(token)
        if token in {"true", "false", "null"}:
            return lambda: {"true": True, "false": False, "null": None}[token]
        return self._call(token) if self._took("(") else self._context(token)

    def _call(self, name: str) -> Value:
        if name not in self.functions:
            raise ExpressionError(f"unknown function {name}()")
        arguments: list[Value] = []
        while not self._took(")"):
            arguments.append(self.either())
            self._took(",")
        return self._members(lambda: self.functions[name](*(each() for each in arguments)), f"{name}()")

    def _context(self, name: str) -> Value:
        if name not in self.contexts:
            raise ExpressionError(f"there is no context {name!r} here; there are: {', '.join(sorted(self.contexts))}")
        return self._members(lambda: self.contexts[name], name)

    def _members(self, value: Value, path: str) -> Value:
        """The member that the following names and indexes lead to."""
        keys: list[Value] = []
        while self.position < len(self.tokens) and self.tokens[self.position] in {".", "["}:
            if self._next() == "[":
                keys.append(self.either())
                self._expect("]")
            else:
                name = self._next()
                keys.append(lambda name=name: name)  # type: ignore[misc]

        def member() -> Any:
            found, where = value(), path
            for each in keys:
                key = each()
                found = _member(found, key, where)
                where = f"{where}.{key}"
            return found

        return member

    def _next(self) -> str:
        if self.position == len(self.tokens):
            raise ExpressionError("the expression ends too early")
        self.position += 1
        return self.tokens[self.position - 1]

    def _took(self, token: str) -> bool:
        if self.position < len(self.tokens) and self.tokens[self.position] == token:
            self.position += 1
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._took(token):
            raise ExpressionError(f"{token!r} is missing")


def _member(value: Any, key: Any, path: str) -> Any:
    if isinstance(value, list):
        return value[int(key)] if int(key) < len(value) else None
    if value is None or value == "":
        return None  # as GitHub: a property of nothing is nothing
    if not isinstance(value, Mapping):
        raise ExpressionError(f"{path} is no map, so it has no {key!r}")
    if key in value:
        return value[key]
    if path.startswith(_OPEN):
        return ""
    raise ExpressionError(f"{path} has no {key!r}; it has: {', '.join(map(str, value)) or 'nothing'}")
