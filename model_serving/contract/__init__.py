"""The field contract: what an edit of each field of each resource does.

The policy pack, the components, the review and docs/contract.md read the rows of model_serving.yaml; the tables of the
other resources are documentation. The embedded workspace does not: tests compare the rows with what it records.
"""

from model_serving.contract.rows import Consequence, Field, Handling, OnChange, fields

__all__ = ["Consequence", "Field", "Handling", "OnChange", "fields"]
