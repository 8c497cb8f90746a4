"""Proves that the hourly counts are those of the detections, and mends them where asked."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db.models import Min
from django.utils import timezone

from detections.models import Detection, DetectionHour
from detections.services.rollups import add_up, hour_of, reconcile
from lpr_project.common.arguments import utc_day


class Command(BaseCommand):
    """Compares what charts are drawn from with what was recorded."""

    help = "Compare the hourly counts with the detections themselves, day by day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            type=utc_day,
            help="first day, UTC, as 2026-03-01; the oldest there is where it is not given",
        )
        parser.add_argument(
            "--until", type=utc_day, help="last day, UTC; today where it is not given"
        )
        parser.add_argument("--repair", action="store_true", help="mend what differs")

    def handle(self, *args: Any, **options: Any) -> None:
        add_up()
        until = options["until"] or timezone.now()
        found = reconcile(
            since=options["since"] or _oldest() or until,
            until=hour_of(until + timedelta(days=1)),
            repairs=options["repair"],
        )
        if not found:
            self.stdout.write("The counts are those of the detections.")
            return
        for difference in found[:20]:
            wanting = ", ".join(f"{name} {count:+}" for name, count in difference.missing.items())
            self.stdout.write(f"camera {difference.camera_id}, {difference.hour:%F %R}: {wanting}")
        if not options["repair"]:
            raise CommandError(f"{len(found)} hours differ. Say --repair to mend them.")
        self.stdout.write(f"{len(found)} hours mended.")


def _oldest() -> datetime | None:
    first = Detection.objects.order_by("id").first()
    counted: datetime | None = DetectionHour.objects.aggregate(first=Min("hour"))["first"]
    moments = [moment for moment in (first and first.captured_at, counted) if moment]
    return min(moments, default=None)
