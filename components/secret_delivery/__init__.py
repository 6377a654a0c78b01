"""The credentials of a service principal in a Databricks secret scope, as a dynamic resource."""
