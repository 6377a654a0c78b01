"""The tables as a Markdown page. docs/contract.md is this text; a test keeps it so."""

from collections.abc import Sequence
from typing import Final

from model_serving.contract.rows import Field, Handling, OnChange, fields

TABLES: Final = {
    "model_serving": "databricks.ModelServing",
    "endpoint_settings": "EndpointSettings (this project's own)",
    "permissions": "databricks.Permissions",
    "endpoint_access": "EndpointAccess (this project's own)",
    "endpoint_stop": "EndpointStop (this project's own)",
    "service_principal": "databricks.ServicePrincipal",
    "service_principal_secret": "databricks.ServicePrincipalSecret",
    "secret_delivery": "SecretDelivery (this project's own)",
    "secret_scope": "databricks.SecretScope",
    "secret_acl": "databricks.SecretAcl",
}

_RAW: Final = {
    OnChange.UPDATE: "updates",
    OnChange.REPLACE: "**deletes and creates**",
    OnChange.DROPPED: "**reports success, sends nothing**",
    OnChange.CRASH: "**panics**",
}
_HANDLING: Final = {
    Handling.PROVIDER: "the same",
    Handling.SETTINGS: "sent by `EndpointSettings`",
    Handling.ACCESS: "sent by `EndpointAccess`",
    Handling.STOP: "sent by `EndpointStop`",
    Handling.DELIVERY: "sent by `SecretDelivery`",
    Handling.REFUSED: "refused at preview",
    Handling.UNSENT: "not sent: only the service's default can be declared",
    Handling.ABSENT: "never declared",
}
_HEAD: Final = """# The field contract

The effect of editing each field of a live resource: in a program that declares the Databricks resource itself, and in
this project. Generated from model_serving/contract/*.yaml by `python -m model_serving.contract`. tests/engine/contract
makes every edit of a serving endpoint on the real engine and provider, in both kinds of program, and compares the
writes that the workspace recorded with these rows.

A change that is refused at preview needs another endpoint: a successor, which `model-serving migrate` declares
([migration.md](migration.md)), or a replacement with an outage, which the stack file's `replace_id` allows
([policies.md](policies.md#replacing-an-endpoint-on-purpose)).
"""


def page() -> str:
    """All tables, in a fixed order."""
    return "\n".join([_HEAD, *(_table(title, fields(name)) for name, title in TABLES.items())])


def _table(title: str, rows: Sequence[Field]) -> str:
    lines = [_line(row) for row in rows]
    return "\n".join(
        [
            f"## {title}",
            "",
            "| field | the provider alone | this project | the API's call | what it means |",
            "| --- | --- | --- | --- | --- |",
            *lines,
            "",
        ]
    )


def _line(row: Field) -> str:
    call = f"`{row.call}`" if row.call else ""
    return f"| `{row.path}` | {_raw(row)} | {_handling(row)} | {call} | {row.consequence}: {row.reason} |"


def _raw(row: Field) -> str:
    effects = [_RAW[row.on_change] + (", **again at every run**" if row.repeats else "")]
    effects += [f"added: {_RAW[row.on_add]}"] if row.on_add else []
    effects += [f"removed: {_RAW[row.on_remove]}"] if row.on_remove else []
    return "; ".join(effects)


def _handling(row: Field) -> str:
    return "refused at preview" if row.immutable and row.handling is Handling.PROVIDER else _HANDLING[row.handling]
