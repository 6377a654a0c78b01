"""What a change does to production: read a plan, assess it, render the report."""
