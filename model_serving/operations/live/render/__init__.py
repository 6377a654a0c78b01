"""A status as a table, as a detailed view, as JSON, and live."""
