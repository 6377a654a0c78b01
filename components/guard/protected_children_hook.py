"""Refuses to delete the permissions and settings of a protected endpoint that the program still declares.

`pulumi destroy` deletes permissions before the endpoint and the service principals that they name. The engine refuses
to delete a protected resource only when it reaches it, so with `--skip-preview` callers would already be locked out.
Children that the program no longer declares may be deleted, and so may children that are replaced.
"""

from dataclasses import dataclass
from typing import Any, Final

import pulumi

from model_serving.components.engine.program_run import PerRun, Registration

HOOK: Final = "protected-endpoint-children"


@dataclass(frozen=True)
class _Child:
    """A child resource of a protected endpoint; its registration is answered with its id."""

    endpoint: str
    registration: Registration


class ProtectedChildrenHook:
    """The children of the protected endpoints of one program run, by resource name, and the hook for all children."""

    def __init__(self) -> None:
        self._children: dict[str, _Child] = {}
        self._hook = pulumi.ResourceHook(HOOK, self.refuse, pulumi.ResourceHookOptions(on_dry_run=True))

    def binding(self) -> pulumi.ResourceHookBinding:
        """The hooks of a child. Children of unprotected endpoints need them too: `protect` may be set later."""
        return pulumi.ResourceHookBinding(before_delete=[self._hook])

    def protect(self, resource: str, endpoint: str, resource_id: pulumi.Output[Any]) -> None:
        """Refuse to delete this child, which is being registered, with its protected endpoint."""
        self._children[resource] = _Child(endpoint, Registration(resource_id))

    async def refuse(self, args: pulumi.ResourceHookArgs) -> None:
        """Raise ValueError if a declared child of a protected endpoint would be deleted and not replaced."""
        child = self._children.get(args.name)
        if child and child.registration.answer == args.id:
            raise ValueError(
                f'Endpoint "{child.endpoint}" is protected, so its permissions and settings cannot be deleted.'
                "\nTo delete all of it, remove `protect` and run `pulumi up` first."
                "\nTo delete only the rest, remove the rest from the stack file and run `pulumi up`"
            )


_hooks = PerRun(ProtectedChildrenHook)


def register_protected_children_hook() -> ProtectedChildrenHook:
    """The hook of this run. Register it even if the program has no endpoint: deleting its last children needs it."""
    return _hooks.get()
