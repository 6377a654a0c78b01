"""Demonstrations of the project in a temporary folder: `make demo` and `make demo-pull-request`."""
