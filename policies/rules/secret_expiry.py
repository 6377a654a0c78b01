"""OAuth secrets that expire soon, from the times that the state has: no read, and the same for every reader."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from model_serving.contract.conditions import SECRETS_LAST
from model_serving.databricks.resource_types import SERVICE_PRINCIPAL_COMPONENT, SERVICE_PRINCIPAL_SECRET
from model_serving.policies.pack.rule import Registered, Resource, Rule, Settings, Violation, no_check


def _check(registered: Sequence[Registered], settings: Settings) -> Iterator[tuple[Resource, Violation]]:
    secrets = [each.resource for each in registered if each.resource.type == SERVICE_PRINCIPAL_SECRET]
    for secret in secrets:
        expires = _time(secret, "expireTime")
        days = (expires - datetime.now(UTC)).days if expires else None
        if expires and days is not None and days < settings["days"]:
            yield secret, _violation(secret, expires, days, is_replaced=_has_newer(secret, secrets))


def _violation(secret: Resource, expires: datetime, days: int, *, is_replaced: bool) -> Violation:
    left = f"expires on {expires:%Y-%m-%d}, in {days} day{'' if days == 1 else 's'}"
    refused = "whatever signs in with it is refused"
    message = f'OAuth secret "{secret.name}" '
    message += f"expired on {expires:%Y-%m-%d}: {refused}" if days < 0 else f"{left}: from then on, {refused}"
    principal, generation = _key_and_generation(secret)
    if is_replaced:
        return Violation(message, fixes=("Switch callers that still use it to the newer secret",))
    if not principal:
        return Violation(message, fixes=("Create another secret, and give it to its callers",))
    rotate = f"Set `generation: {generation + 1}` of its `oauth_secret`, deploy, and give the new secret to its callers"
    return Violation(message, field_path=("oauth_secret",), fixes=(f"{rotate}; both are valid until then",))


def _key_and_generation(secret: Resource) -> tuple[str, int]:
    """The key in the stack file and the generation; empty for a secret of another program."""
    match = re.fullmatch(r"(.+)-secret-(\d+)", secret.name)
    is_ours = f"{SERVICE_PRINCIPAL_COMPONENT}$" in secret.urn
    return (match[1], int(match[2])) if match and is_ours else ("", 0)


def _has_newer(secret: Resource, secrets: Sequence[Resource]) -> bool:
    """Whether the same principal has a secret that was created later, or that this run creates."""
    owner, created = secret.inputs.get("servicePrincipalId"), _time(secret, "createTime")
    others = (each for each in secrets if each is not secret and each.inputs.get("servicePrincipalId") == owner)
    times = [_time(each, "createTime") for each in others]
    return any(time is None or (created is not None and time > created) for time in times)


def _time(secret: Resource, name: str) -> datetime | None:
    """A time of the secret in RFC 3339; None until it is created."""
    value = secret.inputs.get(name)
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and value else None
    except ValueError:
        return None


secrets_last = Rule(
    name=SECRETS_LAST,
    description="OAuth secrets are valid for longer than the next weeks.",
    level="advisory",
    types=(SERVICE_PRINCIPAL_SECRET,),
    check=no_check,
    check_stack=_check,
    why="Callers are cut off on the day on which their secret expires.",
    passes="A new secret; one that expires later than in `days` days.",
    fails="A secret that has expired, or expires sooner. A secret that a newer one replaces is reported, too: callers "
    "may still use it.",
    settings={
        "days": {
            "type": "integer",
            "minimum": 1,
            "default": 30,
            "description": "Days before the expiry from which a secret is reported",
        }
    },
)
