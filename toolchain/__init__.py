"""The Pulumi engine, its language host and the Databricks provider, built where they can't be installed."""
