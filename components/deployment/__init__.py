"""Deployments: what is served, what is still in progress, why one failed."""
