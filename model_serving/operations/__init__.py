"""Requests to deployed endpoints."""
