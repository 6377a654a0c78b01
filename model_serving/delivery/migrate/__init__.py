"""The migration of an endpoint to a successor: the edits of the stack files, their phases, and where it stands."""
