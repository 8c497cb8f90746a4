"""REST entry points of watchlists, entries, hits and feeds."""
