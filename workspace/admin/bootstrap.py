"""A new workspace: its id, its administrators and the credentials that its ready lines print at every start."""

import secrets
from dataclasses import dataclass

from model_serving.workspace.admin.seed import DEFAULT, OWNER, join, plant
from model_serving.workspace.identity.principal_secrets import new_secret
from model_serving.workspace.identity.principals import ADMINS, principal
from model_serving.workspace.identity.scim import new_service_principal, new_user
from model_serving.workspace.identity.tokens import new_personal_token
from model_serving.workspace.store.clock import Clock
from model_serving.workspace.store.database import Json, Store


@dataclass(frozen=True)
class Credentials:
    """The administrator's personal access token, and the administrating service principal's OAuth client."""

    token: str
    client_id: str
    client_secret: str


def bootstrap(store: Store, clock: Clock, seed: Json | None = None) -> Credentials:
    """Founds the workspace in an empty store; finds the one in any other. `seed` takes the default catalogue's place.

    The workspace id is made here and never again: it is in every resource's state, a new one would replace them all.
    """
    with store.atomic():
        kept = store.get("workspace", "credentials")
        if kept is None:
            store.put("workspace", "id", {"id": str(secrets.randbelow(9 * 10**15) + 10**15)})
            kept = store.put("workspace", "credentials", _administrators(store, clock))
            plant(store, clock, {"groups": ["users"]})
            plant(store, clock, DEFAULT if seed is None else seed)
        elif seed is not None:
            plant(store, clock, seed)
    return Credentials(**kept)


def _administrators(store: Store, clock: Clock) -> Json:
    user = new_user(store, {"userName": OWNER, "displayName": "Workspace admin"})
    application = new_service_principal(store, {"displayName": "workspace-admin"})
    store.put("user", user["id"], user)
    store.put("service_principal", application["id"], application)
    join(store, ADMINS, user["id"])
    join(store, ADMINS, application["id"])
    _, secret = new_secret(store, clock, application["id"])
    token = new_personal_token(store, principal(store, "user", user))
    return {"token": token, "client_id": application["applicationId"], "client_secret": secret}
