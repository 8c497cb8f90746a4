"""Feeds: where the entries of a list come from, and what became of each update."""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask

from accounts.models import Organization, User
from alerts.models.watchlists import Watchlist
from lpr_project.common.models import EncryptedTextField, TimestampedModel, uuid7
from lpr_project.common.outgoing import CallRefusedError, read_url

FIELDS = (
    "number",
    "country",
    "province",
    "vehicle",
    "reason",
    "case_number",
    "source",
    "confidence",
    "effective_from",
    "expires_at",
)
"""What a column of a feed may mean."""


def validate_mapping(value: Any) -> None:
    """Refuse what is not {field: column}, a column its name, or [first, last] of a fixed width."""
    if not isinstance(value, dict) or not value.keys() <= set(FIELDS):
        raise ValidationError(
            _("Name columns for these only: %(fields)s."), params={"fields": ", ".join(FIELDS)}
        )
    for column in value.values():
        if isinstance(column, str) and column:
            continue
        is_span = (
            isinstance(column, list)
            and len(column) == 2  # noqa: PLR2004  # first and last
            and all(isinstance(place, int) and 0 < place <= 10_000 for place in column)  # noqa: PLR2004  # of a line
            and column[0] <= column[1]
        )
        if not is_span:
            raise ValidationError(
                _("Give a column as its name, or as [first, last] position in the line.")
            )


class SftpPlace(NamedTuple):
    """A file on an SFTP server."""

    host: str
    port: int
    path: str


def read_sftp_address(address: str) -> SftpPlace:
    """The parts of `sftp://host:22/path`.

    Raises:
        ValidationError: It is none, or carries a password.
    """
    wrong = ValidationError(_("Write the address as sftp://host:22/path, without a password."))
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:  # a port over 65535, a bracket that is not closed
        raise wrong from error
    path = unquote(parts.path)
    if (
        parts.scheme != "sftp"
        or not host
        or parts.username
        or parts.password
        or not path.strip("/")
    ):
        raise wrong
    return SftpPlace(host, port or 22, path)


def host_keys(text: str) -> dict[bytes, str]:
    """Public keys as ssh-keyscan prints them, with or without the host before each; each its kind.

    Source: RFC 4253 section 6.6: a key begins with the length of its kind's name, and the name.
    """
    keys: dict[bytes, str] = {}
    for word in text.split():
        if not word.startswith("AAAA"):
            continue
        try:
            key = base64.b64decode(word, validate=True)
        except (binascii.Error, ValueError):
            continue
        length = int.from_bytes(key[:4], "big")
        kind = key[4 : 4 + length].decode("ascii", "replace")
        if 0 < length < len(key) - 4 and kind.isprintable():
            keys[key] = kind
    return keys


class Feed(TimestampedModel):
    """A table elsewhere that a list follows, and how it is fetched and read."""

    class Kind(models.TextChoices):
        UPLOAD = "upload", _("file that a person uploads")
        HTTP = "http", _("web address")
        SFTP = "sftp", _("file on an SFTP server")
        FOLDER = "folder", _("file in the sources folder")

    class Format(models.TextChoices):
        CSV = "csv", _("CSV, comma or semicolon")
        TSV = "tsv", _("tab-separated")
        XLSX = "xlsx", _("Excel (XLSX)")
        JSON = "json", _("JSON, a list or a line each")
        FIXED = "fixed", _("fixed width")

    class Encoding(models.TextChoices):
        UTF_8 = "utf-8-sig", "UTF-8"
        UTF_16 = "utf-16", "UTF-16"
        TIS_620 = "cp874", "TIS-620 (Windows 874)"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    watchlist = models.ForeignKey(Watchlist, on_delete=models.CASCADE, related_name="feeds")
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("comes by"), max_length=8, choices=Kind.choices)
    address = models.CharField(
        _("address"),
        max_length=500,
        blank=True,
        help_text=_(
            "https://host/path, sftp://host:22/path, or a file in the folder feeds/<short name of "
            "the organization> of the sources folder."
        ),
    )
    username = models.CharField(_("user name"), max_length=120, blank=True)
    password = EncryptedTextField(_("password or token"), blank=True, default="")
    host_key = models.CharField(
        _("host key"),
        max_length=4000,
        blank=True,
        help_text=_("SFTP: the server's public key, as ssh-keyscan prints it: ssh-ed25519 AAAA…"),
    )
    format = models.CharField(_("format"), max_length=5, choices=Format.choices)
    encoding = models.CharField(
        _("encoding"), max_length=9, choices=Encoding.choices, default=Encoding.UTF_8
    )
    zip_password = EncryptedTextField(_("password of the zip file"), blank=True, default="")
    mapping = models.JSONField(
        _("columns"), default=dict, blank=True, validators=[validate_mapping]
    )
    removes_missing = models.BooleanField(
        _("takes away what is missing"),
        default=True,
        help_text=_("Entries of this feed that an update does not name are deleted."),
    )
    problems_most = models.PositiveIntegerField(
        _("wrong lines allowed"),
        default=0,
        help_text=_("With more, the update is refused as a whole; with fewer they are left out."),
    )
    every_minutes = models.PositiveIntegerField(
        _("fetched every, minutes"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(31 * 24 * 60)],
    )
    stale_after_hours = models.PositiveIntegerField(
        _("stale after, hours"),
        default=48,
        validators=[MinValueValidator(1), MaxValueValidator(366 * 24)],
        help_text=_("Without a good update for so long, the feed is shown and told as stale."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    periodic_task = models.OneToOneField(
        PeriodicTask, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    stale_told_at = models.DateTimeField(null=True, editable=False)
    succeeded_at = models.DateTimeField(_("last good update"), null=True, editable=False)
    etag = models.CharField(max_length=200, blank=True, editable=False)
    last_modified = models.CharField(max_length=60, blank=True, editable=False)
    content_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("feed")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["watchlist", "name"], name="feed_name_unique")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_stale(self) -> bool:
        """Whether it should have brought something and did not."""
        if not self.is_active or self.every_minutes is None:
            return False
        return self.good_until < timezone.now()

    @property
    def good_until(self) -> datetime:
        """When it is stale, if nothing good comes until then."""
        since = self.succeeded_at or self.created_at
        return since + timedelta(hours=self.stale_after_hours)

    def clean(self) -> None:
        self._clean_place()
        if not isinstance(self.mapping, dict):
            return  # the field says itself what it is not
        if self.mapping and "number" not in self.mapping:
            raise ValidationError({"mapping": _("Say which column holds the plate.")})
        if self.format == self.Format.FIXED and not all(
            isinstance(column, list) for column in self.mapping.values()
        ):
            raise ValidationError(
                {"mapping": _("Fixed width needs [first, last] position for each column.")}
            )

    def _clean_place(self) -> None:
        if self.kind != self.Kind.UPLOAD and not self.address:
            raise ValidationError({"address": _("This kind of feed needs an address.")})
        try:
            if self.kind == self.Kind.SFTP:
                read_sftp_address(self.address)
            elif self.kind == self.Kind.HTTP:
                read_url(self.address)
        except CallRefusedError as error:
            raise ValidationError({"address": error.message}) from error
        except ValidationError as error:
            raise ValidationError({"address": error.messages}) from error
        if self.kind == self.Kind.SFTP and not host_keys(self.host_key):
            raise ValidationError(
                {"host_key": _("Enter the server's key, so that no other can pose as it.")}
            )


class FeedRun(models.Model):
    """One update of a feed: tried, waiting for a person, applied or refused."""

    class Work(models.TextChoices):
        TRY = "try", _("look what would change")
        FETCH = "fetch", _("fetch and apply")
        APPLY = "apply", _("apply what was shown")

    class State(models.TextChoices):
        QUEUED = "queued", _("waits for a worker")
        RUNNING = "running", _("under way")
        TRIED = "tried", _("dry run")
        WAITING = "waiting", _("waits for a person")
        APPLIED = "applied", _("applied")
        UNCHANGED = "unchanged", _("nothing new")
        FAILED = "failed", _("refused")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="runs")
    work = models.CharField(
        _("what is done"), max_length=5, choices=Work.choices, default=Work.FETCH
    )
    # How often a worker took it up: one that dies each time is not asked for ever.
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    state = models.CharField(_("state"), max_length=9, choices=State.choices)
    sentence = models.CharField(_("what happened"), max_length=500, blank=True)
    rows = models.PositiveIntegerField(_("lines"), default=0)
    added = models.PositiveIntegerField(_("added"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    removed = models.PositiveIntegerField(_("removed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    # Other feeds' and people's entries of the same plates, which are left alone.
    kept = models.PositiveIntegerField(_("left alone"), default=0)
    problems_count = models.PositiveIntegerField(_("wrong lines"), default=0)
    # The first of them, each [line, sentence].
    problems = models.JSONField(default=list)
    # Some of each kind: {"added": [[number, province, reason], …], …}.
    sample = models.JSONField(default=dict)
    # The file, for as long as somebody may still agree to it.
    stored_name = models.CharField(max_length=200, blank=True, editable=False)
    actor = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("update of a feed")
        verbose_name_plural = _("updates of feeds")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.feed}: {self.get_state_display()}"

    @property
    def can_be_applied(self) -> bool:
        """Whether a person may still say yes."""
        is_open = self.state in {self.State.TRIED, self.State.WAITING, self.State.FAILED}
        return is_open and bool(self.stored_name)

    @property
    def is_under_way(self) -> bool:
        """Whether a worker has it, or is to have it."""
        return self.state in {self.State.QUEUED, self.State.RUNNING}
