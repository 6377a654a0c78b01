"""Adoptions of live endpoints into the files of a stack."""
