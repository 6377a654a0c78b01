"""The vocabulary of stack files: each field with its type, limits and description."""
