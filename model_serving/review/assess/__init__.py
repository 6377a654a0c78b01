"""The assessment of a plan: what each change means for callers."""
