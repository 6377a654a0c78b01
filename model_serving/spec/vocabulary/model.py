"""What every map of the vocabulary has in common."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Frozen, and closed: a key that is not in the vocabulary is a mistake, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)
