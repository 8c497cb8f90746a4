"""Detections, uploads, and the counts that say why something was or was not read."""

from datetime import datetime
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from cameras.models import Camera
from lpr_project.common.models import TimestampedModel, uuid7, uuid7_time
from vehicles.models import Plate

UNIT = (MinValueValidator(0.0), MaxValueValidator(1.0))
# What a query must say word for word for its index to serve it.
WAITING_FOR_REVIEW = models.Q(review="pending") | models.Q(review="accepted", is_sampled=True)


class Detection(models.Model):
    """One vehicle passing one camera.

    The id is a UUIDv7 that carries `captured_at`, and the table is range-partitioned on it by
    month: ordering by id is ordering by time, and a range of ids touches only the partitions it
    must. Its other bits come from the camera and the sender's idempotency key: a repeat is the
    same row.

    What was read never changes: `read_*`. `plate` is the registration that search, counts and
    hits use; a correction moves it and leaves the reading. It is None for what a person rejected
    and for a pass that was merged into another.
    """

    class Origin(models.TextChoices):
        CAMERA = "camera", _("camera")
        UPLOAD = "upload", _("upload")
        INGEST = "ingest", _("sent by a program")

    class Review(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        PENDING = "pending", _("to be reviewed")
        CONFIRMED = "confirmed", _("confirmed")
        CORRECTED = "corrected", _("corrected")
        REJECTED = "rejected", _("rejected")
        MERGED = "merged", _("merged into another")

    class Verdict(models.TextChoices):
        """What a person found about the reading, whatever search uses now."""

        RIGHT = "right", _("right")
        PLACE = "place", _("number right, country or province wrong")
        WRONG = "wrong", _("number wrong")
        NO_PLATE = "no_plate", _("no plate")

    class Direction(models.TextChoices):
        """Which way a plate went in the picture; programs may send other words."""

        APPROACHING = "approaching", _("approaching")
        RECEDING = "receding", _("receding")
        LEFT = "left", _("to the left")
        RIGHT = "right", _("to the right")

    class VehicleKind(models.TextChoices):
        """What recognition can tell; programs may send other words."""

        CAR = "car", _("car")
        PICKUP = "pickup", _("pick-up")
        VAN = "van", _("van")
        TRUCK = "truck", _("truck")
        BUS = "bus", _("bus")
        MOTORCYCLE = "motorcycle", _("motorcycle")

    class VehicleColor(models.TextChoices):
        """What recognition can tell; programs may send other words."""

        WHITE = "white", _("white")
        BLACK = "black", _("black")
        GRAY = "gray", _("gray")
        RED = "red", _("red")
        BLUE = "blue", _("blue")
        GREEN = "green", _("green")
        YELLOW = "yellow", _("yellow")
        ORANGE = "orange", _("orange")
        BROWN = "brown", _("brown")

    id = models.UUIDField(primary_key=True, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    camera = models.ForeignKey(
        Camera, on_delete=models.PROTECT, related_name="detections", db_index=False
    )
    plate = models.ForeignKey(
        Plate,
        on_delete=models.PROTECT,
        null=True,
        related_name="detections",
        db_index=False,
        verbose_name=_("plate"),
    )
    captured_at = models.DateTimeField(_("captured"))
    recorded_at = models.DateTimeField(_("recorded"))
    origin = models.CharField(_("origin"), max_length=8, choices=Origin.choices)
    upload = models.ForeignKey(
        "Upload",
        on_delete=models.SET_NULL,
        null=True,
        related_name="detections",
        db_index=False,
        db_constraint=False,
    )

    read_text = models.CharField(_("as read"), max_length=32)
    read_number = models.CharField(_("read number"), max_length=16)
    read_country = models.CharField(_("read country"), max_length=2, blank=True)
    read_province = models.CharField(_("read province"), max_length=6, blank=True)
    confidence = models.FloatField(
        _("confidence"),
        validators=UNIT,
        help_text=_("Smallest probability of any character of the vote."),
    )
    frames_agreed = models.PositiveSmallIntegerField(_("frames that agreed"), default=1)
    frames_read = models.PositiveSmallIntegerField(_("frames read"), default=1)
    review = models.CharField(
        _("review"), max_length=9, choices=Review.choices, default=Review.ACCEPTED
    )
    is_sampled = models.BooleanField(
        _("in the random sample"),
        default=False,
        help_text=_("Chosen for review by chance, whatever its confidence."),
    )
    is_hit = models.BooleanField(
        _("hit"),
        default=False,
        help_text=_("Matched an entry of a watchlist; such detections may be kept longer."),
    )
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict.choices, blank=True)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="absorbed",
        db_index=False,
        db_constraint=False,
    )
    # While a reviewer has it before him, nobody else gets it.
    claimed_by = models.ForeignKey(
        User,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    claimed_until = models.DateTimeField(null=True)
    direction = models.CharField(_("direction"), max_length=12, blank=True)
    travel_degrees = models.PositiveSmallIntegerField(
        _("direction of travel, degrees"),
        null=True,
        help_text=_("Clockwise from north, to a quarter turn; empty where the camera has none."),
    )
    vehicle_kind = models.CharField(_("vehicle type"), max_length=20, blank=True)
    vehicle_color = models.CharField(_("vehicle colour"), max_length=20, blank=True)

    # Pixels of the kept frame.
    box_x = models.IntegerField(null=True)
    box_y = models.IntegerField(null=True)
    box_width = models.IntegerField(null=True)
    box_height = models.IntegerField(null=True)
    frame_width_px = models.PositiveIntegerField(default=0)
    frame_height_px = models.PositiveIntegerField(default=0)
    frame_name = models.CharField(max_length=160, blank=True)
    frame_sha256 = models.CharField(max_length=64, blank=True)
    crop_name = models.CharField(max_length=160, blank=True)
    crop_sha256 = models.CharField(max_length=64, blank=True)

    model_set = models.CharField(_("recognition models"), max_length=60, blank=True)
    # Readings per frame, candidates, checks and models: read on the detail page only.
    evidence = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("detection")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization", "-id"], name="detection_organization"),
            models.Index(fields=["camera", "-id"], name="detection_camera"),
            models.Index(fields=["plate", "-id"], name="detection_plate"),
            models.Index(
                fields=["camera", "-id"],
                name="detection_waits_at_camera",
                condition=WAITING_FOR_REVIEW,
            ),
            # A few among very many that wait.
            models.Index(
                fields=["camera", "-id"],
                name="detection_sample_waits",
                condition=models.Q(is_sampled=True, review__in=["pending", "accepted"]),
            ),
            models.Index(
                fields=["organization", "-id"],
                name="detection_hits",
                condition=models.Q(is_hit=True),
            ),
            # A kind in a colour may be one vehicle of thousands. Each of the two by itself is
            # soon found among the newest.
            models.Index(
                fields=["vehicle_kind", "vehicle_color", "-id"],
                name="detection_looks",
                condition=~models.Q(vehicle_kind="") & ~models.Q(vehicle_color=""),
            ),
            # Figures of accuracy are read from the index alone.
            models.Index(
                fields=["camera", "id"],
                name="detection_judged",
                include=["verdict", "is_sampled", "model_set"],
                condition=~models.Q(verdict=""),
            ),
            models.Index(
                fields=["upload"], name="detection_upload", condition=models.Q(upload__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.read_number} {self.captured_at:%Y-%m-%d %H:%M:%S}"

    @property
    def id_time(self) -> datetime:
        """The moment that the id carries: `captured_at` to the millisecond."""
        return uuid7_time(self.id)

    @property
    def is_waiting(self) -> bool:
        """Whether it stands in the review queue."""
        return self.review == self.Review.PENDING or (
            self.review == self.Review.ACCEPTED and self.is_sampled
        )

    @property
    def shown_number(self) -> str:
        """The number that search finds it by; what was read where there is no such number."""
        return self.plate.number if self.plate else self.read_number

    @property
    def readings(self) -> list[dict[str, Any]]:
        """What was read in each frame, oldest first."""
        readings: list[dict[str, Any]] = self.evidence.get("readings", [])
        return readings


class Upload(TimestampedModel):
    """A picture or video that a person sent, read in the background."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        READING = "reading", _("being read")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    class Kind(models.TextChoices):
        PICTURE = "picture", _("picture")
        VIDEO = "video", _("video")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="uploads")
    camera = models.ForeignKey(
        Camera, on_delete=models.PROTECT, related_name="uploads", verbose_name=_("camera")
    )
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    original_name = models.CharField(_("file"), max_length=200)
    stored_name = models.CharField(max_length=200, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    size_bytes = models.BigIntegerField(_("size, bytes"), editable=False)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    captured_at = models.DateTimeField(
        _("captured"), help_text=_("When the picture was taken, or the video begins.")
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.QUEUED)
    progress = models.FloatField(_("progress"), default=0.0, validators=UNIT)
    error = models.CharField(_("error"), max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    heartbeat_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    detections_count = models.PositiveIntegerField(_("detections"), default=0)

    class Meta:
        verbose_name = _("upload")
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "-id"], name="upload_organization")]
        constraints = [
            # Two that are sent at once are one; a file that could not be read may come again.
            models.UniqueConstraint(
                fields=["camera", "sha256", "captured_at"],
                condition=~models.Q(state="failed"),
                name="upload_once",
            )
        ]

    def __str__(self) -> str:
        return self.original_name

    @property
    def is_finished(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED}


class FunnelHour(models.Model):
    """What became of everything that one camera saw in one hour, each rejection by its reason."""

    camera = models.ForeignKey(Camera, on_delete=models.CASCADE, related_name="funnel_hours")
    hour = models.DateTimeField()
    frames = models.BigIntegerField(default=0)
    moved = models.BigIntegerField(default=0)
    dropped = models.BigIntegerField(default=0)
    boxes = models.BigIntegerField(default=0)
    readings = models.BigIntegerField(default=0)
    tracks = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    not_a_plate = models.BigIntegerField(default=0)
    too_small = models.BigIntegerField(default=0)
    blurred = models.BigIntegerField(default=0)
    too_dark = models.BigIntegerField(default=0)
    cut_off = models.BigIntegerField(default=0)
    low_confidence = models.BigIntegerField(default=0)
    bad_format = models.BigIntegerField(default=0)
    one_frame_only = models.BigIntegerField(default=0)
    excluded_zone = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    stationary = models.BigIntegerField(default=0)
    ignored = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("funnel of an hour")
        verbose_name_plural = _("funnel by hour")
        ordering = ["-hour"]
        constraints = [
            models.UniqueConstraint(fields=["camera", "hour"], name="funnel_hour_unique")
        ]

    def __str__(self) -> str:
        return f"{self.camera} {self.hour:%Y-%m-%d %H}:00"
