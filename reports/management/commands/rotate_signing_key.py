"""Turns the key that signs evidence."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reports.errors import SigningKeyError
from reports.services.keys import rotate_key


class Command(BaseCommand):
    """Makes a new key; the old public key stays known, the old private key is gone."""

    help = "Sign evidence with a new key from now on."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = rotate_key()
        except SigningKeyError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Signing with key {key.key_id} from now on. Its public key:")
        self.stdout.write(key.public_key)
