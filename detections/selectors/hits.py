"""Which detections are hits, for whom: the app above, which knows the lists, says which it sees."""

from typing import Any

from django.db.models import Q

from accounts.models import User
from detections.models import Detection
from detections.signals import hits_asked


def hits_seen_by(user: User) -> Q:
    """Detections that are hits of a list whose hits the user may see.

    For whoever sees the hits of every list it is the mark of the row itself, which has an index.

    Raises:
        django.db.Error: The database is away, which is not to see none.
    """
    hits = Q(is_hit=True)
    for condition in _conditions(user):
        hits &= condition
    return hits


def sees_every_hit(user: User) -> bool:
    """Whether numbers of hits, which no list divides, tell a user nothing kept from it."""
    return not _conditions(user)


def _conditions(user: User) -> list[Q]:
    answers: list[Any] = hits_asked.send(sender=Detection, user=user)
    return [condition for _receiver, condition in answers if condition is not None]
