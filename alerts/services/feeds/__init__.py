"""Feeds: fetched, read line by line, held against the list, applied as a whole."""
