"""One client for Databricks, and what it and Pulumi call things: types, patterns, special values."""
