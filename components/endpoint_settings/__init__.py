"""The settings of an endpoint that the Databricks provider can't update, as a dynamic resource."""
