"""What people fill in about lists, entries and feeds."""
