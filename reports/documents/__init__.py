"""Pure writers and readers of files: rows in, bytes out."""
