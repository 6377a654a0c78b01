"""What a rule is, and the service that answers the engine for all rules."""
