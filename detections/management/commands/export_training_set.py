"""`manage.py export_training_set DIR --organization SLUG`: reviewed crops to train readers with."""

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import Organization
from cameras.models import Camera
from detections.services.training_set import export_training_set
from lpr_project.common.errors import LprError


def _moment(text: str) -> datetime:
    moment = parse_datetime(text if "T" in text or " " in text else f"{text}T00:00:00")
    if moment is None:
        raise ValueError(text)
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


class Command(BaseCommand):
    """Writes the folder and says what is in it."""

    help = "Export reviewed crops and labels of an organization that allows it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="New or empty.")
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument(
            "--camera", action="append", default=[], metavar="NAME", help="May be given again."
        )
        parser.add_argument("--since", type=_moment, help="Captured then or later, ISO 8601.")
        parser.add_argument("--until", type=_moment, help="Captured before, ISO 8601.")
        parser.add_argument(
            "--with-rejected", action="store_true", help="Also crops that are no plate."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        organization = Organization.objects.filter(slug=options["organization"]).first()
        if organization is None:
            known = ", ".join(Organization.objects.values_list("slug", flat=True))
            raise CommandError(f"There is no organization {options['organization']!r}: {known}.")
        try:
            exported = export_training_set(
                folder=options["folder"],
                organization=organization,
                cameras=_cameras(organization, options["camera"]),
                since=options["since"],
                until=options["until"],
                with_rejected=options["with_rejected"],
            )
        except LprError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"{exported.train} crops to train with, {exported.validation} to check with, "
            f"{exported.rejected} of no plate; {exported.missing} pictures are missing."
        )
        if exported.unreadable:
            self.stdout.write(
                f"{exported.unreadable} crops are in neither list: their plates have more "
                "characters than the reader has slots, or such as it does not know. They are in "
                "labels.jsonl."
            )


def _cameras(organization: Organization, names: list[str]) -> list[Camera]:
    found = {
        camera.name: camera
        for camera in Camera.objects.filter(organization=organization, name__in=names)
    }
    if missing := [name for name in names if name not in found]:
        raise CommandError(f"{organization} has no camera {', '.join(map(repr, missing))}.")
    return list(found.values())
