"""How an endpoint that is live comes under the management of a stack, without a write."""
