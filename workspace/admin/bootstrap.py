"""Creation of a workspace: its id, its administrators and their credentials, and the seed."""

import secrets
from dataclasses import dataclass

from model_serving.workspace.admin.seed import DEFAULT, OWNER, apply_seed, join
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
    """Creates the workspace in an empty store, from `seed` instead of the default; applies `seed` to an existing one.

    The workspace id never changes: every resource's state contains it, and a new id would replace all resources.
    """
    with store.atomic():
        credentials = store.get("workspace", "credentials")
        if credentials is None:
            store.put("workspace", "id", {"id": str(secrets.randbelow(9 * 10**15) + 10**15)})
            credentials = store.put("workspace", "credentials", _administrators(store, clock))
            apply_seed(store, clock, {"groups": ["users"]})
            apply_seed(store, clock, DEFAULT if seed is None else seed)
        elif seed is not None:
            apply_seed(store, clock, seed)
    return Credentials(**credentials)


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
