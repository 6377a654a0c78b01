"""Who called a serving endpoint since a time: from tables of requests over SQL, and from its metrics."""
