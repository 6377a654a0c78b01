"""Keeps the permissions and settings of a protected endpoint where `pulumi destroy` can't delete the endpoint itself.

The engine deletes permissions before the endpoint and the principals that they name, and refuses to delete a protected
resource only when it comes to it. With `--skip-preview` the callers would be cut off by then. The hook of this module
refuses first. It lets go what the program no longer declares, and what is replaced.
"""

from dataclasses import dataclass
from typing import Any, Final

import pulumi

from model_serving.components.engine.program_run import PerRun, Registration

HOOK: Final = "what belongs to a protected endpoint"


@dataclass(frozen=True)
class _Child:
    """A resource that the program declares with a protected endpoint; its registration is answered with its id."""

    endpoint: str
    registration: Registration


class Keeper:
    """The children of the protected endpoints of one program run, by resource name, and the hook for all children."""

    def __init__(self) -> None:
        self.children: dict[str, _Child] = {}
        self.hook = pulumi.ResourceHook(HOOK, self.refuse, pulumi.ResourceHookOptions(on_dry_run=True))

    def binding(self) -> pulumi.ResourceHookBinding:
        """The hooks of permissions and settings, of an unprotected endpoint too: it may be protected later."""
        return pulumi.ResourceHookBinding(before_delete=[self.hook])

    def keep(self, resource: str, endpoint: str, resource_id: pulumi.Output[Any]) -> None:
        """Refuse the deletion of this child, which is registered now, as long as its endpoint is protected."""
        self.children[resource] = _Child(endpoint, Registration(resource_id))

    async def refuse(self, args: pulumi.ResourceHookArgs) -> None:
        """Raise ValueError where a declared child of a protected endpoint would be deleted and not replaced."""
        child = self.children.get(args.name)
        if child and child.registration.answer == args.id:
            raise ValueError(
                f'Endpoint "{child.endpoint}" is protected, so its permissions and settings stay with it. To delete it,'
                "\nremove `protect` and run `pulumi up` first. To delete the rest only, take the rest out of the stack"
                "\nfile and run `pulumi up`"
            )


_keepers = PerRun(Keeper)


def keeper() -> Keeper:
    """That of this run. Registers the hook, also where no endpoint is left: deletions in the state ask for it."""
    return _keepers.get()
