"""Pages of watchlists, entries, hits and feeds."""
