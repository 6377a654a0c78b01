"""The fields of a serving endpoint that are set only when it is created.

They are the contract's `immutable` ones, and those with `handling: refused` and no `call`, which are never sent.
"""

from model_serving.contract.rows import Field, Handling, fields


def immutable_fields() -> list[Field]:
    """The immutable fields of a serving endpoint, in the field contract's order."""
    return [field for field in fields("model_serving") if field.immutable or is_never_sent(field)]


def is_never_sent(field: Field) -> bool:
    """Whether the field's change would be reported as done and not be sent."""
    return field.handling is Handling.REFUSED and field.call is None
