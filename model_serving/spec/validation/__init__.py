"""Validation beyond types: rules across fields, and the messages of errors."""
