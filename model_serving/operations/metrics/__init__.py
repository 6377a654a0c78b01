"""Metrics of endpoints: figures of the last minute for people and programs, and the text for Prometheus."""
