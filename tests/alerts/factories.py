"""Watchlists, entries and hits for tests, made by the services that make the real ones."""

from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import Organization
from alerts.models import Entry, Hit, Watchlist
from alerts.services.entries import add_entry
from alerts.services.hits import match_recorded
from alerts.services.watchlists import create_watchlist
from cameras.models import Camera
from detections.models import Detection
from tests.detections.factories import make_detection

_numbers = count(1)


def make_watchlist(organization: Organization, **fields: Any) -> Watchlist:
    fields = {"name": f"List {next(_numbers)}", "owner": None, **fields}
    return create_watchlist(organization=organization, actor=None, **fields)


def make_entry(watchlist: Watchlist, number: str = "1กข1234", **fields: Any) -> Entry:
    """An entry that counts since yesterday."""
    fields.setdefault("effective_from", timezone.now() - timedelta(days=1))
    fields.setdefault("expires_at", timezone.now() + timedelta(days=30))
    return add_entry(watchlist=watchlist, number=number, actor=None, **fields)


def see(camera: Camera, text: str = "1กข1234", **fields: Any) -> tuple[Detection, list[Hit]]:
    """A detection, and the hits that it makes once it is committed."""
    detection = make_detection(camera, text=text, **fields)
    match_recorded(detections=[detection])
    return detection, list(Hit.objects.filter(detection=detection).order_by("id"))
