"""What only the embedded workspace has: its page, journal, seed, fault injection and switches."""
