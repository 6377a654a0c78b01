"""The metrics of serving endpoints: read, added up over time, and turned into rates and percentiles."""
