"""The rules between the fields of one service principal."""

from collections.abc import Iterator

from model_serving.spec.diagnostics import Problem
from model_serving.spec.field_path import FieldPath
from model_serving.spec.validation.delivery_rules import delivery_problems
from model_serving.spec.vocabulary.stack import BaseServicePrincipal


def principal_problems(principal: BaseServicePrincipal, path: FieldPath) -> Iterator[Problem]:
    """The problems of one service principal."""
    if principal.application_id is None and principal.display_name is None:
        message = "has neither display_name, which creates one, nor application_id, which uses an existing one"
        yield path, message, "Set one of the two"
    if principal.oauth_secret and principal.oauth_secret.deliver:
        yield from delivery_problems(principal.oauth_secret.deliver, (*path, "oauth_secret", "deliver"))
    if principal.application_id is None:
        return
    if principal.display_name is not None:
        message = "an existing service principal (application_id) keeps its own name"
        yield (*path, "display_name"), message, "Remove display_name; or remove application_id to create a new one"
    if principal.entitlements:
        message = "entitlements of an existing service principal (application_id) are not managed here"
        yield (*path, "entitlements"), message, "Remove them, and set them where the principal is created"
