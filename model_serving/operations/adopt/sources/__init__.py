"""What another tool manages: a Databricks bundle, or a Terraform state. It selects the endpoints to adopt."""
