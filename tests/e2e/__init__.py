"""A browser drives the server as people do."""
