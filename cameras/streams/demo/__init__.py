"""The clip of the demonstration camera: a road that the product draws itself."""
