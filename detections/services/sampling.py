"""Which detections chance chooses for review."""

from uuid import UUID

_CHANCE_BITS = 62


def is_sampled(pk: UUID, rate: float) -> bool:
    """Whether chance chose a detection for review: decided by its id, so that a repeat agrees.

    Args:
        pk: Its lowest 62 bits are of a hash, as good as drawn.
        rate: Share of all detections, 0 to 1.
    """
    return (pk.int & ((1 << _CHANCE_BITS) - 1)) < rate * (1 << _CHANCE_BITS)
