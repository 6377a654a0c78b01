"""Build and service logs of served entities, read once or followed."""
