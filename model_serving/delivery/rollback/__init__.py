"""Back to what served before: one endpoint, at once, and the change of its stack file that keeps it there."""
