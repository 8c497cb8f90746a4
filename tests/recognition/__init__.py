"""Recognition without Django, and mostly without weights: tiny models stand in for large ones."""
