"""Staged rollouts: the target is reached by `up`s of intermediate splits, each judged by a gate before the next."""
