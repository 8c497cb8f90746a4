"""Pages of vehicles and plates."""
