"""`manage.py seed --detections N`: a believable city, to try the server with many detections."""

import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Organization
from accounts.services import create_organization
from detections.errors import SeedRefusedError
from detections.services.seeding.seed import SeedPlan, seed_city

_DETECTIONS_MOST = 100_000_000
_DAYS_MOST = 5 * 365
_CAMERAS_MOST = 2000


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise ArgumentTypeError(f"Give a whole number from {least} to {most}.")
        return int(text)

    return read


class Command(BaseCommand):
    """Makes the organization where it is missing, and fills it."""

    help = "Fill an organization with the cameras, plates and detections of a believable city."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--detections", type=_whole(1, _DETECTIONS_MOST), required=True)
        parser.add_argument("--organization", default="seeded-city", metavar="SLUG")
        parser.add_argument("--days", type=_whole(1, _DAYS_MOST), default=30)
        parser.add_argument(
            "--last-on", type=date.fromisoformat, help="last whole day, as 2026-01-31; yesterday"
        )
        parser.add_argument("--cameras", type=_whole(2, _CAMERAS_MOST), default=60)
        parser.add_argument("--seed", type=_whole(0, 2**31), default=1)
        parser.add_argument(
            "--pictures",
            type=_whole(0, _DETECTIONS_MOST),
            nargs="?",
            const=_DETECTIONS_MOST,
            default=0,
            metavar="COUNT",
            help="draw small pictures of all detections, or of so many of the newest",
        )
        parser.add_argument(
            "--add", action="store_true", help="also where the organization has detections"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        organization = self._organization(options["organization"])
        yesterday = timezone.now().astimezone(organization.zone).date() - timedelta(days=1)
        last_on = options["last_on"] or yesterday
        if last_on > yesterday:
            raise CommandError("--last-on must lie in the past.")
        plan = SeedPlan(
            detections=options["detections"],
            days=options["days"],
            last_on=last_on,
            cameras=options["cameras"],
            seed=options["seed"],
            pictures=min(options["pictures"], options["detections"]),
            adds=options["add"],
        )
        started = time.monotonic()
        try:
            made = seed_city(organization=organization, plan=plan, tell=self._tell)
        except SeedRefusedError as error:
            raise CommandError(error.message) from error
        seconds = time.monotonic() - started
        self.stdout.write(f"{made} detections in {seconds:.1f} s, {made / seconds:.0f} a second")

    def _organization(self, slug: str) -> Organization:
        known = Organization.objects.filter(slug=slug).first()
        name = slug.replace("-", " ").capitalize()
        return known or create_organization(name=name, slug=slug)

    def _tell(self, rows: int) -> None:
        self.stderr.write(f"\r{rows} written", ending="")
