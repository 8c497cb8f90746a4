"""`manage.py seed_demo`: an organization with people, a camera and a watchlist to look at."""

import json
import os
import secrets
import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from django.conf import settings
from django.contrib.gis.geos import Point
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import Organization, Role, User
from accounts.services import add_member, create_organization
from alerts.models import Watchlist
from alerts.services.entries import add_entry
from alerts.services.watchlists import create_watchlist
from cameras.models import Camera
from cameras.selectors import sources_folder
from cameras.services import create_camera, update_camera
from cameras.streams.config import SourceConfig, SourceKind
from cameras.streams.errors import InvalidAddressError

ORGANIZATION = "Demonstration"
ADMINISTRATOR = "admin@lpr.example"
OPERATOR = "operator@lpr.example"
DEMO_CAMERA = "Demonstration road"
OWN_CAMERA = "My source"
WATCHLIST = "Demonstration: stolen cars"
# It drives through the demonstration clip.
WANTED = "KTR 4827"
_SCHEMES = {
    "rtsp": SourceKind.RTSP,
    "rtsps": SourceKind.RTSP,
    "http": SourceKind.HTTP,
    "https": SourceKind.HTTP,
}


class Command(BaseCommand):
    """Makes the demonstration once; later runs change nothing but the source asked for."""

    help = "Make a demonstration organization with people, a camera and a watchlist."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--source", default="", help="a video file or an rtsp:// or http:// address to watch"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        organization = self._organization()
        self._demonstration_camera(organization)
        self._demonstration_list(organization)
        if options["source"]:
            self._own_camera(organization, options["source"])
        for email, password in self._log_ins(organization).items():
            self.stdout.write(f"{email}  {password}")

    def _organization(self) -> Organization:
        known = Organization.objects.filter(name=ORGANIZATION).first()
        return known or create_organization(name=ORGANIZATION)

    def _log_ins(self, organization: Organization) -> dict[str, str]:
        """E-mails with their passwords; passwords that were changed since are not known here."""
        file = Path(settings.DATA_DIR) / "demonstration-log-ins.json"
        kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        passwords = {
            email: kept.get(email, secrets.token_urlsafe(12)) for email in (ADMINISTRATOR, OPERATOR)
        }
        self._person(ADMINISTRATOR, passwords, organization, Role.OWNER)
        self._person(OPERATOR, passwords, organization, Role.OPERATOR)
        if passwords != kept:
            file.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(
                os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
            ) as written:
                json.dump(passwords, written)
        people = {person.email: person for person in User.objects.filter(email__in=passwords)}
        return {
            email: password if people[email].check_password(password) else "(password was changed)"
            for email, password in passwords.items()
        }

    @transaction.atomic
    def _person(
        self, email: str, passwords: dict[str, str], organization: Organization, role: Role
    ) -> None:
        if User.objects.filter(email=email).exists():
            return
        make = User.objects.create_superuser if role == Role.OWNER else User.objects.create_user
        person = make(email, passwords[email])
        add_member(organization=organization, user=person, role=role, actor=None)

    def _demonstration_camera(self, organization: Organization) -> None:
        from cameras.streams.demo.clip import ensure_demo_clip  # noqa: PLC0415  # loads OpenCV

        clip = ensure_demo_clip(sources_folder(organization))
        if not Camera.objects.filter(organization=organization, name=DEMO_CAMERA).exists():
            create_camera(
                organization=organization,
                actor=None,
                name=DEMO_CAMERA,
                purpose=Camera.Purpose.TRAFFIC,
                source_kind=Camera.SourceKind.FILE,
                source_url=clip.name,
                point=Point(100.5018, 13.7563, srid=4326),
                heading_degrees=90.0,
            )

    @transaction.atomic
    def _demonstration_list(self, organization: Organization) -> None:
        if Watchlist.objects.filter(organization=organization, name=WATCHLIST).exists():
            return
        watchlist = create_watchlist(
            organization=organization,
            actor=None,
            name=WATCHLIST,
            category=Watchlist.Category.STOLEN,
            priority=80,
        )
        add_entry(
            watchlist=watchlist,
            number=WANTED,
            actor=None,
            vehicle="red saloon",
            reason="Demonstration: reported stolen",
            expires_at=None,
        )

    def _own_camera(self, organization: Organization, source: str) -> None:
        fields = self._source(source, organization)
        camera = Camera.objects.filter(organization=organization, name=OWN_CAMERA).first()
        if camera is None:
            create_camera(organization=organization, actor=None, name=OWN_CAMERA, **fields)
        else:
            update_camera(camera=camera, actor=None, **fields)

    def _source(self, source: str, organization: Organization) -> dict[str, Any]:
        """The fields of a camera for what a person typed; a file is put into the sources folder."""
        try:
            parts = urlsplit(source)
        except ValueError as error:
            raise CommandError(f"{source} is not an address.") from error
        kind = _SCHEMES.get(parts.scheme.lower())
        if kind is None:
            file = Path(source).expanduser()
            if not file.is_file():
                raise CommandError(f"{source} is neither a file nor an rtsp or http address.")
            name = self._into_sources(file, organization)
            return {"source_kind": SourceKind.FILE, "source_url": name}
        url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        try:
            SourceConfig(kind=kind, url=url, username=username, password=password)
        except InvalidAddressError as error:
            raise CommandError(str(error)) from error
        return {
            "source_kind": kind,
            "source_url": url,
            "source_username": username,
            "source_password": password,
        }

    def _into_sources(self, file: Path, organization: Organization) -> str:
        """Link or copy a file to where cameras may read; returns its name there."""
        folder = sources_folder(organization)
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / file.name
        if target.exists() and target.samefile(file):
            return target.name
        target.unlink(missing_ok=True)
        try:
            os.link(file.resolve(), target)
        except OSError:  # another file system
            shutil.copyfile(file, target)
        return target.name
