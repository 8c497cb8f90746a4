"""REST entry points of plates."""
