"""What the workspace answers about the endpoints of a stack now."""
