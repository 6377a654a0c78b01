"""Refuses to delete the permissions, settings and stop of a protected endpoint that the program still declares.

`pulumi destroy` deletes permissions before the endpoint and the service principals that they name. The engine refuses
to delete a protected resource only when it reaches it, so with `--skip-preview` callers would already be locked out.
Children that the program no longer declares may be deleted, and so may children that are replaced.
"""

from typing import Any, Final

import pulumi

from model_serving.components.engine.program_run import PerRun, Registration

HOOK: Final = "protected-endpoint-children"


class ProtectedChildrenHook:
    """The protected children of one program run, with their endpoint's name, and the hook for all children."""

    def __init__(self) -> None:
        self._children: dict[str, tuple[str, Registration]] = {}
        self._hook = pulumi.ResourceHook(HOOK, self.refuse, pulumi.ResourceHookOptions(on_dry_run=True))

    def binding(self) -> pulumi.ResourceHookBinding:
        """The hooks of a child. Children of unprotected endpoints need them too: `protect` may be set later."""
        return pulumi.ResourceHookBinding(before_delete=[self._hook])

    def protect(self, resource: str, endpoint: str, resource_id: pulumi.Output[Any]) -> None:
        """Refuse to delete this child, which is being registered, with its protected endpoint."""
        self._children[resource] = endpoint, Registration(resource_id)

    async def refuse(self, args: pulumi.ResourceHookArgs) -> None:
        """Raise ValueError if a declared child of a protected endpoint would be deleted and not replaced."""
        endpoint, registration = self._children.get(args.name, (None, None))
        if registration and registration.answer == args.id:
            raise ValueError(
                f'Endpoint "{endpoint}" is protected, so its permissions and settings cannot be deleted.'
                "\nTo delete all of it, remove `protect` and run `pulumi up` first."
                "\nTo delete only the rest, remove the rest from the stack file and run `pulumi up`"
            )


_hooks = PerRun(ProtectedChildrenHook)


def register_protected_children_hook() -> ProtectedChildrenHook:
    """The hook of this run. Register it even if the program has no endpoint: deleting its last children needs it."""
    return _hooks.get()
