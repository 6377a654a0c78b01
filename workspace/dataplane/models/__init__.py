"""Models that a new workspace serves."""
