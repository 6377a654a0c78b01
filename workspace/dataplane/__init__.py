"""Queries of endpoints: scoring, chat, rate limits, inference tables."""
