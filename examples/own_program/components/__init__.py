"""Modules of this program."""
