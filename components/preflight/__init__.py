"""Checks against the workspace before anything is registered."""
