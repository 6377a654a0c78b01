"""The empty access list of an endpoint, which the Databricks provider can't keep, as a dynamic resource."""
