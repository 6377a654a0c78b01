"""The `model-serving` command: one module for each subcommand."""
