"""The stories of examples/: each is a README with commands, what they print, and edits of the stack files."""
