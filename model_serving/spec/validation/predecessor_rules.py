"""The rules of a predecessor, and what it has in common with its endpoint, which is reported once."""

from collections.abc import Callable, Iterator

from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import FieldPath
from model_serving.spec.files.secrets import is_plaintext
from model_serving.spec.succession import PREDECESSOR, DeclaredEndpoint, predecessor_of
from model_serving.spec.vocabulary.governance import InferenceTable
from model_serving.spec.vocabulary.model import Model
from model_serving.spec.vocabulary.predecessor import Predecessor
from model_serving.spec.vocabulary.stack import Endpoint, Stack

_OWN_PLACE = len(("endpoints", "fraud", PREDECESSOR))


def predecessor_problems(stack: Stack, key: str) -> Iterator[Problem]:
    """The problems between an endpoint and its predecessor, if it declares one."""
    endpoint, predecessor = stack.endpoints[key], predecessor_of(stack, key)
    if predecessor:
        yield from _shared_tables(endpoint, predecessor, ("endpoints", key))


def only_of_predecessor(
    stack: Stack, declared: DeclaredEndpoint, rule: Callable[[Endpoint, FieldPath], Iterator[Problem]]
) -> Iterator[Problem]:
    """What the rule finds in an endpoint; in a predecessor, without what it finds in its endpoint already."""
    found = rule(declared.endpoint, declared.path)
    if not declared.is_predecessor:
        yield from found
        return
    own = ("endpoints", declared.key)
    known = {(path, message) for path, message, _ in rule(stack.endpoints[declared.key], own)}
    yield from (problem for problem in found if (endpoint_path(problem[0]), problem[1]) not in known)


def endpoint_path(path: FieldPath) -> FieldPath | None:
    """The path in the endpoint itself of a value in its predecessor; None for a path that is in no predecessor."""
    if path[:1] == ("endpoints",) and path[2:_OWN_PLACE] == (PREDECESSOR,) and len(path) > _OWN_PLACE:
        return (*path[:2], *path[_OWN_PLACE:])
    return None


def name_of_both(predecessor: DeclaredEndpoint) -> Problem:
    """The problem of a predecessor that has the name of its endpoint."""
    message = f'"{predecessor.name}" is the name of the endpoint and of its predecessor'
    hint = f"Give the endpoint a name of its own, as in `name: {predecessor.written_name}-2`"
    return predecessor.path, message, hint


def endpoint_only(path: FieldPath, root: type[Model]) -> tuple[str, str] | None:
    """Message and hint for a key in a predecessor that only its endpoint can have; None for any other key."""
    name = str(path[-1])
    if root is not Stack or path[2:-1] != (PREDECESSOR,) or name not in Endpoint.model_fields:
        return None
    if name == PREDECESSOR:
        return (
            "a predecessor can't have a predecessor",
            "Retire the first one before: remove its block, and deploy that",
        )
    assert name not in Predecessor.model_fields
    return f"a predecessor has no `{name}` of its own", "Remove it"


def _shared_tables(endpoint: Endpoint, predecessor: Endpoint, path: FieldPath) -> Iterator[Problem]:
    for field, ours, theirs in (
        (("auto_capture",), endpoint.auto_capture, predecessor.auto_capture),
        (("ai_gateway", "inference_table"), _gateway_table(endpoint), _gateway_table(predecessor)),
    ):
        if ours and theirs and _place(ours) is not None and _place(ours) == _place(theirs):
            message = "names one inference table for two endpoints, this one and its predecessor"
            hint = f"Set another one here, and the present one as `predecessor: {{{_inline(field)}}}`"
            yield (*path, *field, "table_name_prefix"), message, hint


def _inline(field: tuple[str, ...]) -> str:
    """`ai_gateway: {inference_table: {table_name_prefix: ...}}` without the outer braces."""
    text = "table_name_prefix: ..."
    for name in reversed(field):
        text = f"{name}: {{{text}}}"
    return text


def _gateway_table(endpoint: Endpoint) -> InferenceTable | None:
    table = endpoint.ai_gateway.inference_table if endpoint.ai_gateway else None
    return table if table and table.enabled else None


def _place(table: InferenceTable) -> tuple[str, ...] | None:
    """Catalog, schema and prefix; None where the prefix is the endpoint's own name, or a part is not known."""
    parts = (table.catalog_name, table.schema_name, table.table_name_prefix)
    known = tuple(part for part in parts if is_plaintext(part))
    return known if len(known) == len(parts) else None
