"""Links of a comment: to the line of a stack file on the forge, and to an endpoint in the workspace."""

from urllib.parse import quote

from model_serving.review.assess.report import Stamp
from model_serving.review.assess.resource_change import Action, ResourceChange
from model_serving.review.render import phrases
from model_serving.review.render.escape import code
from model_serving.spec.diagnostics import Location

_PAGE = "/ml/endpoints/"
"""The page of a serving endpoint in the workspace. Source: Databricks CLI, the URL of bundles' serving endpoints."""


def line(place: Location, stamp: Stamp) -> str:
    """`stacks/base.yaml:8`, linked to the line at the head commit if the forge is known."""
    text = code(phrases.place(place))
    return f"[{text}]({stamp.source}{quote(place.file)}#L{place.line})" if stamp.source else text


def resource(change: ResourceChange, stamp: Stamp) -> str:
    """The resource's key or name, linked to its page if it is an endpoint that exists in a known workspace."""
    text = code(change.label)
    exists = change.action is not Action.CREATE and not change.gone
    if not (stamp.workspace and exists and change.is_endpoint and change.name):
        return text
    return endpoint_page(text, stamp.workspace, change.name)


def endpoint_page(text: str, workspace: str, name: str) -> str:
    """Markdown that links to an endpoint's page in a workspace."""
    return f"[{text}]({workspace.rstrip('/')}{_PAGE}{quote(name, safe='')})"
