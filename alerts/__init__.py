"""Watchlists, hits, alerts and their deliveries."""
