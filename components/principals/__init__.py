"""Service principals and secrets that a repeated creation left in the workspace."""
