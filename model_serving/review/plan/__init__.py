"""A plan: read what the engine would do, and compare it with what is deployed."""
