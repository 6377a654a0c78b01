"""The offline linter of stack files: validation, and every rule that needs no engine."""
