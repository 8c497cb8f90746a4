"""Plates for tests, made by the service that makes the real ones."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import Organization
from vehicles.models import Plate
from vehicles.services import PlateKey, Sighting, count_sightings


def make_plate(
    organization: Organization,
    number: str = "1กข1234",
    country: str = "TH",
    province: str = "TH-10",
    seen_at: datetime | None = None,
) -> Plate:
    key = PlateKey(number, country, province)
    with transaction.atomic():
        sighting = Sighting(key, seen_at or timezone.now())
        ids = count_sightings(organization=organization, sightings=[sighting])
    return Plate.objects.get(pk=ids[key])
