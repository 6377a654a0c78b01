"""The database and the clock of the workspace."""
