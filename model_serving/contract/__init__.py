"""What each field of each resource does when it changes: the one table that others read.

Policies, the components' guards, the review and the documentation take it from here. The embedded workspace does not:
it is the independent witness that the table is compared with in tests.
"""

from model_serving.contract.rows import Consequence, Field, Handling, OnChange, fields

__all__ = ["Consequence", "Field", "Handling", "OnChange", "fields"]
