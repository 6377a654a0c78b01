"""A Databricks secret scope with those who may read it as one component."""

from collections.abc import Sequence

import pulumi

from model_serving.components import resources
from model_serving.databricks.resource_types import SECRET_SCOPE_COMPONENT
from model_serving.spec.vocabulary.secret_scope import Reader


class SecretScope(pulumi.ComponentResource):
    """A secret scope that callers' credentials are delivered to.

    Children: `<name>` (the scope) and `<name>-reader-<principal>` for each reader.
    """

    scope: pulumi.Output[str]
    """The scope's name. What takes it is written after the scope exists, and deleted before it."""

    def __init__(self, name: str, scope: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(SECRET_SCOPE_COMPONENT, name, None, opts)
        self._name = name
        created = resources.SecretScope(name, {"name": scope}, pulumi.ResourceOptions(parent=self))
        self.scope = created.output("name")
        self.register_outputs({"scope": self.scope})

    def allow(self, readers: Sequence[tuple[Reader, pulumi.Input[str]]]) -> None:
        """Let each reader read every secret of the scope. A service principal is named by its application id."""
        for reader, principal in readers:
            resources.SecretAcl(
                f"{self._name}-reader-{reader.principal}",
                {"scope": self.scope, "principal": principal, "permission": "READ"},
                pulumi.ResourceOptions(parent=self),
            )
