"""Request models of Unity Catalog. Source: REST reference, registered models and grants."""

from typing import Any

from model_serving.workspace.http.request_model import Objects, RequestModel, Text, Texts


class UpdateModel(RequestModel):
    comment: Text = None
    owner: Text = None
    new_name: Text = None


class CreateModel(RequestModel):
    catalog_name: Text = None
    schema_name: Text = None
    name: Text = None
    comment: Text = None
    owner: Text = None


class SetAlias(RequestModel):
    version_num: Any = None


class GrantChange(RequestModel):
    principal: Text = None
    add: Texts = None
    remove: Texts = None


class UpdateGrants(RequestModel):
    changes: Objects[GrantChange] = None
