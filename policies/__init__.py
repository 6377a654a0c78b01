"""The policy pack. Pulumi starts `__main__.py`."""
