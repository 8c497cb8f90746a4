import django.core.validators
import django.db.models.deletion
import lpr_project.common.models
from django.conf import settings
from django.db import migrations, models

from lpr_project.common.operations import CreatePartitionedModel


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("cameras", "0001_initial"),
        ("vehicles", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "id",
                    models.UUIDField(
                        default=lpr_project.common.models.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("original_name", models.CharField(max_length=200, verbose_name="file")),
                ("stored_name", models.CharField(editable=False, max_length=200)),
                ("sha256", models.CharField(editable=False, max_length=64)),
                ("size_bytes", models.BigIntegerField(editable=False, verbose_name="size, bytes")),
                (
                    "kind",
                    models.CharField(
                        choices=[("picture", "picture"), ("video", "video")],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                (
                    "captured_at",
                    models.DateTimeField(
                        help_text="When the picture was taken, or the video begins.",
                        verbose_name="captured",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "waiting"),
                            ("reading", "being read"),
                            ("done", "done"),
                            ("failed", "failed"),
                        ],
                        default="queued",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "progress",
                    models.FloatField(
                        default=0.0,
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                        verbose_name="progress",
                    ),
                ),
                ("error", models.CharField(blank=True, max_length=500, verbose_name="error")),
                ("attempts", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("heartbeat_at", models.DateTimeField(editable=False, null=True)),
                ("finished_at", models.DateTimeField(editable=False, null=True)),
                (
                    "detections_count",
                    models.PositiveIntegerField(default=0, verbose_name="detections"),
                ),
                (
                    "camera",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploads",
                        to="cameras.camera",
                        verbose_name="camera",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploads",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "upload",
                "ordering": ["-id"],
            },
        ),
        CreatePartitionedModel(
            name="Detection",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("captured_at", models.DateTimeField(verbose_name="captured")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded")),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("camera", "camera"),
                            ("upload", "upload"),
                            ("ingest", "sent by a program"),
                        ],
                        max_length=8,
                        verbose_name="origin",
                    ),
                ),
                ("read_text", models.CharField(max_length=32, verbose_name="as read")),
                ("read_number", models.CharField(max_length=16, verbose_name="read number")),
                (
                    "read_country",
                    models.CharField(blank=True, max_length=2, verbose_name="read country"),
                ),
                (
                    "read_province",
                    models.CharField(blank=True, max_length=6, verbose_name="read province"),
                ),
                (
                    "confidence",
                    models.FloatField(
                        help_text="Smallest probability of any character of the vote.",
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                        verbose_name="confidence",
                    ),
                ),
                (
                    "frames_agreed",
                    models.PositiveSmallIntegerField(default=1, verbose_name="frames that agreed"),
                ),
                (
                    "frames_read",
                    models.PositiveSmallIntegerField(default=1, verbose_name="frames read"),
                ),
                (
                    "review",
                    models.CharField(
                        choices=[
                            ("accepted", "accepted"),
                            ("pending", "to be reviewed"),
                            ("confirmed", "confirmed"),
                            ("corrected", "corrected"),
                            ("rejected", "rejected"),
                        ],
                        default="accepted",
                        max_length=9,
                        verbose_name="review",
                    ),
                ),
                (
                    "direction",
                    models.CharField(blank=True, max_length=12, verbose_name="direction"),
                ),
                (
                    "vehicle_kind",
                    models.CharField(blank=True, max_length=20, verbose_name="vehicle type"),
                ),
                (
                    "vehicle_color",
                    models.CharField(blank=True, max_length=20, verbose_name="vehicle colour"),
                ),
                ("box_x", models.IntegerField(null=True)),
                ("box_y", models.IntegerField(null=True)),
                ("box_width", models.IntegerField(null=True)),
                ("box_height", models.IntegerField(null=True)),
                ("frame_width_px", models.PositiveIntegerField(default=0)),
                ("frame_height_px", models.PositiveIntegerField(default=0)),
                ("frame_name", models.CharField(blank=True, max_length=160)),
                ("frame_sha256", models.CharField(blank=True, max_length=64)),
                ("crop_name", models.CharField(blank=True, max_length=160)),
                ("crop_sha256", models.CharField(blank=True, max_length=64)),
                (
                    "model_set",
                    models.CharField(blank=True, max_length=60, verbose_name="recognition models"),
                ),
                ("evidence", models.JSONField(default=dict)),
                (
                    "camera",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="detections",
                        to="cameras.camera",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organization",
                    ),
                ),
                (
                    "plate",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="detections",
                        to="vehicles.plate",
                        verbose_name="plate",
                    ),
                ),
                (
                    "upload",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="detections",
                        to="detections.upload",
                    ),
                ),
            ],
            options={
                "verbose_name": "detection",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="FunnelHour",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hour", models.DateTimeField()),
                ("frames", models.BigIntegerField(default=0)),
                ("moved", models.BigIntegerField(default=0)),
                ("dropped", models.BigIntegerField(default=0)),
                ("boxes", models.BigIntegerField(default=0)),
                ("readings", models.BigIntegerField(default=0)),
                ("tracks", models.BigIntegerField(default=0)),
                ("accepted", models.BigIntegerField(default=0)),
                ("too_small", models.BigIntegerField(default=0)),
                ("blurred", models.BigIntegerField(default=0)),
                ("too_dark", models.BigIntegerField(default=0)),
                ("low_confidence", models.BigIntegerField(default=0)),
                ("bad_format", models.BigIntegerField(default=0)),
                ("one_frame_only", models.BigIntegerField(default=0)),
                ("excluded_zone", models.BigIntegerField(default=0)),
                ("duplicate", models.BigIntegerField(default=0)),
                ("stationary", models.BigIntegerField(default=0)),
                (
                    "camera",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="funnel_hours",
                        to="cameras.camera",
                    ),
                ),
            ],
            options={
                "verbose_name": "funnel of an hour",
                "verbose_name_plural": "funnel by hour",
                "ordering": ["-hour"],
                "constraints": [
                    models.UniqueConstraint(fields=("camera", "hour"), name="funnel_hour_unique")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(fields=["organization", "-id"], name="upload_organization"),
        ),
        migrations.AddIndex(
            model_name="detection",
            index=models.Index(fields=["organization", "-id"], name="detection_organization"),
        ),
        migrations.AddIndex(
            model_name="detection",
            index=models.Index(fields=["camera", "-id"], name="detection_camera"),
        ),
        migrations.AddIndex(
            model_name="detection",
            index=models.Index(fields=["plate", "-id"], name="detection_plate"),
        ),
        migrations.AddIndex(
            model_name="detection",
            index=models.Index(
                condition=models.Q(("review", "pending")),
                fields=["organization", "-id"],
                name="detection_to_review",
            ),
        ),
        migrations.AddIndex(
            model_name="detection",
            index=models.Index(
                condition=models.Q(("upload__isnull", False)),
                fields=["upload"],
                name="detection_upload",
            ),
        ),
    ]
