"""How long detections are kept, what keeps them longer, and how they go."""

from detections.services.keeping.hits import mark_hits

__all__ = ["mark_hits"]
