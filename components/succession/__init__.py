"""Which Pulumi resource holds which declared endpoint, also while a successor takes the place of its predecessor."""
