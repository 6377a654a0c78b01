"""Whether an endpoint is stopped, which the Databricks provider has no field for, as a dynamic resource."""
