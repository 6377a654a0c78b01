"""Measurements: how fast the workspace answers, what the policy pack adds to a preview, and generated requests."""
