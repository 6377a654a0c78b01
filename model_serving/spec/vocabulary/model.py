"""The base of every model of the vocabulary."""

from pydantic import AliasGenerator, BaseModel, ConfigDict

from model_serving.databricks.naming import provider_name


class Model(BaseModel):
    """A map of a stack file: frozen, and unknown keys are an error.

    A field is declared once, here in the vocabulary. Its `serialization_alias` is the Databricks provider's name of it,
    with dots where the provider nests it (`config.servedEntities`); by default the field's own name in camelCase.
    `exclude=True` marks a field that is no input of `databricks.ModelServing` or `EndpointSettings`. Validation, the
    JSON Schema, the tables of docs/stack-files.md, the components' arguments and inputs, and the names in a review are
    derived from the declaration; what an edit of the field does is its row in model_serving/contract.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=AliasGenerator(serialization_alias=provider_name)
    )
