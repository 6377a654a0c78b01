"""What Databricks bills a serving endpoint by: figures with their sources, and the cost and capacity that follow."""
