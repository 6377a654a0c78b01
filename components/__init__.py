"""Serving endpoints and service principals as Pulumi components."""
