"""An embedded Databricks workspace: one process that the real provider, SDKs and CLI can use unchanged."""
