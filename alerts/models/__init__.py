"""Watchlists, entries, hits, and what people must act on."""

from alerts.models.entries import Entry
from alerts.models.hits import Hit, PendingMatch
from alerts.models.watchlists import Agreement, Watchlist, WatchlistGrant

__all__ = ["Agreement", "Entry", "Hit", "PendingMatch", "Watchlist", "WatchlistGrant"]
