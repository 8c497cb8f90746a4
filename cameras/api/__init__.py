"""REST entry points of cameras and camera groups."""
