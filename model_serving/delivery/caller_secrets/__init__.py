"""Deliver the OAuth secrets of a stack's service principals to GitHub and GitLab."""
