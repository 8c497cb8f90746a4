"""Takes vehicles over from files: read, compared, shown, and then all or nothing."""
