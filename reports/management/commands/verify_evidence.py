"""Checks an evidence pack against the keys of this server, or a key that is given."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reports.documents.verifier import parse_key, sentences, verify
from reports.selectors import signing_keys


class Command(BaseCommand):
    """Ends with 0 where the pack is sound and signed by a key of this server."""

    help = "Check an evidence pack, and name what was changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--key", default="", help="Public key that must have signed it; else this server's own."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            keys = [parse_key(options["key"])] if options["key"] else _own_keys()
            with options["file"].open("rb") as file:
                report = verify(file, keys)
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(sentences(report)))
        if report.code:
            sys.exit(report.code)


def _own_keys() -> list[bytes]:
    """All keys that this server has signed with, the present one first."""
    keys = [bytes.fromhex(key.public_key) for key in signing_keys()]
    if not keys:
        message = "This server has not signed anything yet. Give the key of the one that did: --key"
        raise CommandError(message)
    return keys
