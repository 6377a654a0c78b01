"""Serving endpoints: their configuration, deployments and settings."""
