"""Endpoints of a live workspace as entries of a stack file."""
