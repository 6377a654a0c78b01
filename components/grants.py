"""The least privileges that a service principal needs in Unity Catalog, one grant for each securable.

`databricks.Grant` does not touch other principals' privileges; `databricks.Grants` owns the whole list of a securable.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from model_serving.components.resources import Grant


@dataclass(frozen=True)
class Privilege:
    """One privilege on one securable. `kind` is the provider's input for that type of securable."""

    kind: str
    securable: str
    privilege: str


def least_privileges(execute: Sequence[str], select: Sequence[str]) -> list[Privilege]:
    """EXECUTE on models and feature specs, SELECT on tables, and USE of their schemas and catalogs: sorted, unique."""
    names = [*execute, *select]
    schemas = sorted({name.rpartition(".")[0] for name in names})
    catalogs = sorted({name.partition(".")[0] for name in names})
    return [
        *(Privilege("catalog", name, "USE_CATALOG") for name in catalogs),
        *(Privilege("schema", name, "USE_SCHEMA") for name in schemas),
        # A registered model is a function in Unity Catalog, and a feature spec is one too.
        *(Privilege("function", name, "EXECUTE") for name in sorted(set(execute))),
        *(Privilege("table", name, "SELECT") for name in sorted(set(select))),
    ]


def declare_grants(
    name: str, principal: pulumi.Input[str], privileges: Sequence[Privilege], opts: pulumi.ResourceOptions
) -> list[Grant]:
    """Register the grants as `<name>-<kind>-<securable>`."""
    return [
        Grant(
            f"{name}-{each.kind}-{each.securable}",
            {each.kind: each.securable, "principal": principal, "privileges": [each.privilege]},
            opts,
        )
        for each in privileges
    ]
