"""Databricks Model Serving as code. README.md says what it is for."""

__version__ = "0.1.0"
