"""The project in a temporary folder: `make demo` and `make rehearsal`."""
