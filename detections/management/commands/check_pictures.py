"""Compares the stored pictures with the detections that name them."""

from argparse import ArgumentParser
from collections import Counter
from datetime import timedelta
from itertools import chain
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from detections.services.keeping.pictures import check_files, check_rows
from detections.services.recording import OLDEST
from lpr_project.common.arguments import utc_day

SHOWN_MOST = 50
WORDS = {
    "file_without_row": "no detection names it",
    "row_without_file": "its detection names it, and it is not there",
    "altered": "it is not what was recorded",
}


class Command(BaseCommand):
    """Finds orphans on either side."""

    help = "Find pictures without detections, detections without pictures, and altered pictures."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            type=utc_day,
            help="look at detections from this day on, as 2026-03-01; else all",
        )
        parser.add_argument(
            "--hashes", action="store_true", help="read every picture and compare its SHA-256"
        )
        parser.add_argument(
            "--repair",
            action="store_true",
            help="delete pictures without detections; let detections name no lost pictures",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        found: Counter[str] = Counter()
        repairs = options["repair"]
        rows = check_rows(
            since=options["since"] or now - OLDEST,
            until=now + timedelta(days=1),
            repairs=repairs,
            reads_hashes=options["hashes"],
        )
        for finding in chain(check_files(repairs=repairs), rows):
            found[finding.kind] += 1
            if found.total() <= SHOWN_MOST:
                self.stdout.write(f"{finding.name}: {WORDS[finding.kind]}")
        if not found:
            self.stdout.write("Every picture has its detection, and every detection its pictures.")
            return
        counts = ", ".join(f"{WORDS[kind]}: {count}" for kind, count in sorted(found.items()))
        if not repairs or found["altered"]:
            raise CommandError(f"{counts}. --repair mends what is missing on one side.")
        self.stdout.write(f"Mended. {counts}.")
