"""Writes of watchlists, entries, hits and feeds; matching; alerts and their deliveries."""
