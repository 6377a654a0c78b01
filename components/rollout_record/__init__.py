"""What the state remembers of an endpoint's rollouts. Nothing of it is in the workspace."""
