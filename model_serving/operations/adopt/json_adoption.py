"""An adoption as JSON, for programs."""

from dataclasses import asdict
from typing import Any

from model_serving.operations.adopt.entry import Adoption


def json_adoption(adoption: Adoption, stack: str) -> dict[str, Any]:
    """What is adopted, with the fields as a stack file has them, and what is not, with the reason."""
    return {
        "stack": stack,
        "adopted": [
            {
                "key": each.key,
                "name": each.name,
                "id": each.id,
                "creator": each.creator,
                "fields": dict(each.fields),
                "left_out": list(map(asdict, each.left_out)),
                "aliases": list(each.aliases),
            }
            for each in adoption.entries
        ],
        "service_principals": {key: dict(each) for key, each in adoption.service_principals.items()},
        "not_adopted": list(map(asdict, adoption.not_adopted)),
        "notes": list(adoption.notes),
        "calls": adoption.calls,
    }
