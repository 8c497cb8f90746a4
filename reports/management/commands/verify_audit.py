"""Compares the audit trail with its chain of seals."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from reports.selectors import last_seal
from reports.services.seals import check_trail


class Command(BaseCommand):
    """Ends with 0 where every event is as it was sealed, else with 1."""

    help = "Name every audit event and seal that was changed, removed or put in between."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--head",
            default="",
            help="Hash of a seal known from before, such as from an evidence pack.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for sentence in check_trail(head=options["head"]):
            wrong += 1
            self.stdout.write(sentence)
        if wrong:
            sys.exit(1)
        head = last_seal()
        told = f"{head.number} seals up to {head.sha256}" if head else "nothing is sealed yet"
        self.stdout.write(f"The audit trail is as it was sealed: {told}.")
