"""Reads of watchlists, entries and hits, each from what a user may see."""
