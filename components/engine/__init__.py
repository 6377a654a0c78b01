"""How the components work with the Pulumi engine: hooks, state, threads, interrupts."""
