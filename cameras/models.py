"""Cameras, their groups, and how each camera fares right now."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.contrib.gis.db import models as gis
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from accounts.models import RETENTION_LIMITS, Organization
from cameras.streams.config import SourceConfig, SourceKind
from cameras.streams.errors import InvalidAddressError
from lpr_project.common.countries import COUNTRY_CODES
from lpr_project.common.models import EncryptedTextField, TimestampedModel, uuid7

UNIT = (MinValueValidator(0.0), MaxValueValidator(1.0))
POLYGONS_MOST = 20
CORNERS_LEAST, CORNERS_MOST = 3, 100
DAYS = 7
MINUTES_OF_DAY = 24 * 60
TYPE_AGAIN = _(
    "The address or the user name changed: type the password again, so that the "
    "stored one goes to no other device."
)


def validate_polygons(value: Any) -> None:
    """Refuse what is not a list of polygons of at least three [x, y] corners, each 0 to 1."""
    if not isinstance(value, list) or len(value) > POLYGONS_MOST:
        raise ValidationError(_("Draw at most %(most)d areas."), params={"most": POLYGONS_MOST})
    for polygon in value:
        if not isinstance(polygon, list) or not CORNERS_LEAST <= len(polygon) <= CORNERS_MOST:
            raise ValidationError(
                _("An area needs 3 to %(most)d corners."), params={"most": CORNERS_MOST}
            )
        if not all(_is_corner(corner) for corner in polygon):
            raise ValidationError(
                _("A corner is [x, y], each from 0 (left, top) to 1 (right, bottom).")
            )


def _is_corner(corner: Any) -> bool:
    return (
        isinstance(corner, list)
        and len(corner) == 2  # noqa: PLR2004  # x and y
        and all(
            isinstance(c, int | float) and not isinstance(c, bool) and 0 <= c <= 1 for c in corner
        )
    )


def validate_active_hours(value: Any) -> None:
    """Refuse what is not a list of {"days": [0..6], "from": minute, "to": minute}; Monday is 0."""
    if not isinstance(value, list) or not all(_is_span(span) for span in value):
        message = _(
            'Give hours as [{"days": [0, 1], "from": 420, "to": 1140}]: '
            "Monday is 0, minutes since midnight."
        )
        raise ValidationError(message)


def _is_span(span: Any) -> bool:
    if not isinstance(span, dict) or span.keys() != {"days", "from", "to"}:
        return False
    days, start, end = span["days"], span["from"], span["to"]
    return (
        isinstance(days, list)
        and all(isinstance(day, int) and 0 <= day < DAYS for day in days)
        and all(
            isinstance(minute, int) and 0 <= minute <= MINUTES_OF_DAY for minute in (start, end)
        )
    )


def check_country(code: str) -> None:
    """Refuse what is no country, in capitals or not."""
    if code.upper() not in COUNTRY_CODES:
        message = _("%(code)s is no country. Write its two letters of ISO 3166, such as TH or GB.")
        raise ValidationError(message, params={"code": code})


def _holds(span: dict[str, Any], day: int, minute: int) -> bool:
    days, start, end = span["days"], span["from"], span["to"]
    if start < end:
        return day in days and start <= minute < end
    return (day in days and minute >= start) or ((day - 1) % DAYS in days and minute < end)


class CameraGroup(TimestampedModel):
    """Cameras that belong together, so that access and filters are set once."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="camera_groups"
    )
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("camera group")
        ordering = ["name"]
        permissions = [("operate_cameragroup", _("Can send detections and uploads to its cameras"))]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"], name="camera_group_name_unique"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Camera(TimestampedModel):
    """A place from which pictures of passing vehicles come."""

    class SourceKind(models.TextChoices):
        RTSP = "rtsp", _("RTSP stream")
        HTTP = "http", _("video over HTTP")
        SNAPSHOT = "snapshot", _("single pictures over HTTP")
        MJPEG = "mjpeg", _("MJPEG over HTTP")
        FILE = "file", _("video file, played again and again")
        FOLDER = "folder", _("folder of pictures")
        USB = "usb", _("USB camera")
        PUSH = "push", _("none: a device or person sends pictures or plates")

    class Purpose(models.TextChoices):
        ACCESS = "access", _("access control")
        PARKING = "parking", _("parking")
        TRAFFIC = "traffic", _("traffic")
        TOLL = "toll", _("toll")
        SECURITY = "security", _("security")
        ENFORCEMENT = "enforcement", _("law enforcement")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="cameras")
    groups = models.ManyToManyField(
        CameraGroup, blank=True, related_name="cameras", verbose_name=_("groups")
    )
    name = models.CharField(_("name"), max_length=120)
    purpose = models.CharField(
        _("purpose"),
        max_length=12,
        choices=Purpose.choices,
        default=Purpose.SECURITY,
        help_text=_(
            "Why this camera records plates; shown on notices and in the record of processing."
        ),
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)
    is_archived = models.BooleanField(
        _("archived"),
        default=False,
        help_text=_("Taken down: its detections stay until their retention ends."),
    )

    point = gis.PointField(_("position"), srid=4326, null=True, blank=True)
    heading_degrees = models.FloatField(
        _("heading, degrees"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0.0), MaxValueValidator(360.0)],
        help_text=_("Where the camera looks, clockwise from north."),
    )
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        validators=[check_country],
        help_text=_(
            "Two letters, such as TH: a number that fits several countries is then taken for one "
            "of this country. Empty: nothing is assumed."
        ),
    )

    source_kind = models.CharField(
        _("source"), max_length=8, choices=SourceKind.choices, default=SourceKind.RTSP
    )
    source_url = models.CharField(
        _("address"),
        max_length=500,
        blank=True,
        help_text=_(
            "rtsp://host:554/stream, http://…, a file or folder in the sources folder, "
            "or /dev/video0; no password here."
        ),
    )
    source_username = models.CharField(_("user name"), max_length=120, blank=True)
    source_password = EncryptedTextField(_("password"), blank=True, default="")
    analyse_fps = models.FloatField(
        _("frames analysed per second"),
        default=8.0,
        validators=[MinValueValidator(0.2), MaxValueValidator(30.0)],
    )

    model_set = models.CharField(
        _("recognition models"),
        max_length=60,
        default="default",
        help_text=_("See System, models."),
    )
    previous_model_set = models.CharField(max_length=60, blank=True, editable=False)
    detector_confidence = models.FloatField(_("plate found at"), default=0.15, validators=UNIT)
    accept_confidence = models.FloatField(
        _("accepted at"),
        default=0.7,
        validators=UNIT,
        help_text=_(
            "Smallest certainty of any character with which a plate is accepted without review."
        ),
    )
    review_confidence = models.FloatField(
        _("kept for review at"),
        default=0.2,
        validators=UNIT,
        help_text=_("Below this, nothing is recorded."),
    )
    review_sample_rate = models.FloatField(
        _("share reviewed by chance"),
        null=True,
        blank=True,
        validators=UNIT,
        help_text=_("Of all its detections, 0 to 1. Empty: as the organization says."),
    )
    min_frames_agreed = models.PositiveSmallIntegerField(
        _("frames that must agree"),
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
    )
    min_plate_width_px = models.PositiveSmallIntegerField(
        _("least plate width, pixels"), default=24
    )
    include_areas = models.JSONField(
        _("look only here"), default=list, blank=True, validators=[validate_polygons]
    )
    exclude_areas = models.JSONField(
        _("never look here"), default=list, blank=True, validators=[validate_polygons]
    )
    active_hours = models.JSONField(
        _("active hours"), default=list, blank=True, validators=[validate_active_hours]
    )
    retention_hours = models.PositiveIntegerField(
        _("retention, hours"),
        null=True,
        blank=True,
        validators=RETENTION_LIMITS,
        help_text=_("Empty: as the purpose or the organization says. 720 hours are 30 days."),
    )
    hit_retention_hours = models.PositiveIntegerField(
        _("retention of hits, hours"),
        null=True,
        blank=True,
        validators=RETENTION_LIMITS,
        help_text=_("Empty: as the purpose or the organization says."),
    )

    class Meta:
        verbose_name = _("camera")
        ordering = ["name"]
        permissions = [("operate_camera", _("Can send detections and uploads to the camera"))]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="camera_name_unique"),
            models.CheckConstraint(
                condition=models.Q(review_confidence__lte=models.F("accept_confidence")),
                name="camera_thresholds_ordered",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def takes_frames(self) -> bool:
        """Whether the server itself fetches pictures from it."""
        return self.is_enabled and not self.is_archived and self.source_kind != self.SourceKind.PUSH

    @property
    def sample_rate(self) -> float:
        """The share of its detections that people look at by chance, 0 to 1."""
        own = self.review_sample_rate
        return self.organization.review_sample_rate if own is None else own

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.organization.time_zone)

    def is_active_at(self, moment: datetime) -> bool:
        """Whether its active hours hold a moment, in the organization's zone; without hours always.

        A span whose end is not after its start ends on the next day.
        """
        local = moment.astimezone(self.zone)
        return not self.active_hours or any(
            _holds(span, local.weekday(), local.hour * 60 + local.minute)
            for span in self.active_hours
        )

    def clean(self) -> None:
        self.country = self.country.upper()
        if self.review_confidence > self.accept_confidence:
            raise ValidationError(
                {"review_confidence": _("Must not be above the confidence for acceptance.")}
            )
        if self.source_kind == self.SourceKind.PUSH:
            return
        if not self.source_url:
            raise ValidationError({"source_url": _("This kind of source needs an address.")})
        try:
            SourceConfig(
                kind=SourceKind(self.source_kind),
                url=self.source_url,
                username=self.source_username,
                password=self.source_password or "",
            )
        except InvalidAddressError as error:
            raise ValidationError({"source_url": str(error)}) from error

    def trusts(self, *, url: str, username: str) -> bool:
        """Whether the stored password was typed for this device and account."""
        now, then = urlsplit(url), urlsplit(self.source_url)
        return (now.scheme, now.netloc, username) == (
            then.scheme,
            then.netloc,
            self.source_username,
        )


class PurposeRetention(TimestampedModel):
    """How long an organization keeps what its cameras of one purpose record."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="purpose_retentions"
    )
    purpose = models.CharField(_("purpose"), max_length=12, choices=Camera.Purpose.choices)
    retention_hours = models.PositiveIntegerField(
        _("retention, hours"),
        null=True,
        blank=True,
        validators=RETENTION_LIMITS,
        help_text=_("Empty: as the organization says. 720 hours are 30 days."),
    )
    hit_retention_hours = models.PositiveIntegerField(
        _("retention of hits, hours"),
        null=True,
        blank=True,
        validators=RETENTION_LIMITS,
        help_text=_("Empty: as the organization says."),
    )

    class Meta:
        verbose_name = _("retention of a purpose")
        verbose_name_plural = _("retention by purpose")
        ordering = ["purpose"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "purpose"], name="purpose_retention_unique"
            )
        ]

    def __str__(self) -> str:
        return self.get_purpose_display()


class CameraUserObjectPermission(UserObjectPermissionBase):
    """A permission of one account on one camera; a direct key keeps queries short."""

    content_object = models.ForeignKey(Camera, on_delete=models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        pass


class CameraGroupObjectPermission(GroupObjectPermissionBase):
    """A permission of one role group on one camera."""

    content_object = models.ForeignKey(Camera, on_delete=models.CASCADE)

    class Meta(GroupObjectPermissionBase.Meta):
        pass


class CameraGroupUserObjectPermission(UserObjectPermissionBase):
    """A permission of one account on all cameras of a camera group."""

    content_object = models.ForeignKey(CameraGroup, on_delete=models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        pass


class CameraGroupGroupObjectPermission(GroupObjectPermissionBase):
    """A permission of one role group on all cameras of a camera group."""

    content_object = models.ForeignKey(CameraGroup, on_delete=models.CASCADE)

    class Meta(GroupObjectPermissionBase.Meta):
        pass


class CameraStatus(models.Model):
    """How a camera fares, written by its camera task every few seconds. Not history."""

    class State(models.TextChoices):
        OFF = "off", _("off")
        WAITING = "waiting", _("waiting for a worker")
        RESTING = "resting", _("outside its active hours")
        CONNECTING = "connecting", _("connecting")
        ONLINE = "online", _("online")
        FAILING = "failing", _("failing")

    camera = models.OneToOneField(
        Camera, on_delete=models.CASCADE, primary_key=True, related_name="status"
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.OFF)
    since = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)
    last_frame_at = models.DateTimeField(null=True)
    fps = models.FloatField(default=0.0)
    frame_width_px = models.PositiveIntegerField(default=0)
    frame_height_px = models.PositiveIntegerField(default=0)
    frames_dropped = models.BigIntegerField(default=0)
    reconnects = models.BigIntegerField(default=0)
    node = models.CharField(max_length=120, blank=True)
    updated_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("camera status")
        verbose_name_plural = _("camera statuses")

    def __str__(self) -> str:
        return f"{self.camera}: {self.get_state_display()}"
