"""The gate of a rollout: whether a step may be followed by the next one, by the figures of the entities that gain."""
