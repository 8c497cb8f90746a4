"""Writes of watchlists, entries, hits and feeds; matching."""
