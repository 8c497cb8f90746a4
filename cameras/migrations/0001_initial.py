import cameras.models
import django.contrib.gis.db.models.fields
import django.core.validators
import django.db.models.deletion
import lpr_project.common.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Camera",
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
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("access", "access control"),
                            ("parking", "parking"),
                            ("traffic", "traffic"),
                            ("toll", "toll"),
                            ("security", "security"),
                            ("enforcement", "law enforcement"),
                        ],
                        default="security",
                        help_text="Why this camera records plates; shown on notices and in the record of processing.",
                        max_length=12,
                        verbose_name="purpose",
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True, verbose_name="enabled")),
                (
                    "is_archived",
                    models.BooleanField(
                        default=False,
                        help_text="Taken down: its detections stay until their retention ends.",
                        verbose_name="archived",
                    ),
                ),
                (
                    "point",
                    django.contrib.gis.db.models.fields.PointField(
                        blank=True, null=True, srid=4326, verbose_name="position"
                    ),
                ),
                (
                    "heading_degrees",
                    models.FloatField(
                        blank=True,
                        help_text="Where the camera looks, clockwise from north.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(360.0),
                        ],
                        verbose_name="heading, degrees",
                    ),
                ),
                (
                    "source_kind",
                    models.CharField(
                        choices=[
                            ("rtsp", "RTSP stream"),
                            ("http", "video over HTTP"),
                            ("snapshot", "single pictures over HTTP"),
                            ("mjpeg", "MJPEG over HTTP"),
                            ("file", "video file, played again and again"),
                            ("folder", "folder of pictures"),
                            ("usb", "USB camera"),
                            ("push", "none: a device or person sends pictures or plates"),
                        ],
                        default="rtsp",
                        max_length=8,
                        verbose_name="source",
                    ),
                ),
                (
                    "source_url",
                    models.CharField(
                        blank=True,
                        help_text="rtsp://host:554/stream, http://…, a file or folder in the sources folder, or /dev/video0; no password here.",
                        max_length=500,
                        verbose_name="address",
                    ),
                ),
                (
                    "source_username",
                    models.CharField(blank=True, max_length=120, verbose_name="user name"),
                ),
                (
                    "source_password",
                    lpr_project.common.models.EncryptedTextField(
                        blank=True, default="", verbose_name="password"
                    ),
                ),
                (
                    "analyse_fps",
                    models.FloatField(
                        default=8.0,
                        validators=[
                            django.core.validators.MinValueValidator(0.2),
                            django.core.validators.MaxValueValidator(30.0),
                        ],
                        verbose_name="frames analysed per second",
                    ),
                ),
                (
                    "model_set",
                    models.CharField(
                        default="default",
                        help_text="See System, models.",
                        max_length=60,
                        verbose_name="recognition models",
                    ),
                ),
                (
                    "detector_confidence",
                    models.FloatField(
                        default=0.3,
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                        verbose_name="plate found at",
                    ),
                ),
                (
                    "accept_confidence",
                    models.FloatField(
                        default=0.7,
                        help_text="Smallest certainty of any character with which a plate is accepted without review.",
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                        verbose_name="accepted at",
                    ),
                ),
                (
                    "review_confidence",
                    models.FloatField(
                        default=0.35,
                        help_text="Below this, nothing is recorded.",
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                        verbose_name="kept for review at",
                    ),
                ),
                (
                    "min_frames_agreed",
                    models.PositiveSmallIntegerField(
                        default=2,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                        verbose_name="frames that must agree",
                    ),
                ),
                (
                    "min_plate_width_px",
                    models.PositiveSmallIntegerField(
                        default=24, verbose_name="least plate width, pixels"
                    ),
                ),
                (
                    "include_areas",
                    models.JSONField(
                        blank=True,
                        default=list,
                        validators=[cameras.models.validate_polygons],
                        verbose_name="look only here",
                    ),
                ),
                (
                    "exclude_areas",
                    models.JSONField(
                        blank=True,
                        default=list,
                        validators=[cameras.models.validate_polygons],
                        verbose_name="never look here",
                    ),
                ),
                (
                    "active_hours",
                    models.JSONField(
                        blank=True,
                        default=list,
                        validators=[cameras.models.validate_active_hours],
                        verbose_name="active hours",
                    ),
                ),
                (
                    "retention_days",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Empty: as the organization says.",
                        null=True,
                        verbose_name="retention, days",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cameras",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "camera",
                "ordering": ["name"],
                "permissions": [
                    ("operate_camera", "Can send detections and uploads to the camera")
                ],
            },
        ),
        migrations.CreateModel(
            name="CameraStatus",
            fields=[
                (
                    "camera",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="status",
                        serialize=False,
                        to="cameras.camera",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("off", "off"),
                            ("waiting", "waiting for a worker"),
                            ("resting", "outside its active hours"),
                            ("connecting", "connecting"),
                            ("online", "online"),
                            ("failing", "failing"),
                        ],
                        default="off",
                        max_length=12,
                    ),
                ),
                ("since", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, max_length=500)),
                ("last_frame_at", models.DateTimeField(null=True)),
                ("fps", models.FloatField(default=0.0)),
                ("frame_width_px", models.PositiveIntegerField(default=0)),
                ("frame_height_px", models.PositiveIntegerField(default=0)),
                ("frames_dropped", models.BigIntegerField(default=0)),
                ("reconnects", models.BigIntegerField(default=0)),
                ("node", models.CharField(blank=True, max_length=120)),
                ("updated_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "camera status",
                "verbose_name_plural": "camera statuses",
            },
        ),
        migrations.CreateModel(
            name="CameraGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="camera_groups",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "camera group",
                "ordering": ["name"],
            },
        ),
        migrations.AddField(
            model_name="camera",
            name="groups",
            field=models.ManyToManyField(
                blank=True, related_name="cameras", to="cameras.cameragroup", verbose_name="groups"
            ),
        ),
        migrations.CreateModel(
            name="CameraGroupGroupObjectPermission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "content_object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="cameras.cameragroup"
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group"),
                ),
                (
                    "permission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="auth.permission"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CameraGroupObjectPermission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "content_object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="cameras.camera"
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group"),
                ),
                (
                    "permission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="auth.permission"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CameraGroupUserObjectPermission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "content_object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="cameras.cameragroup"
                    ),
                ),
                (
                    "permission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="auth.permission"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CameraUserObjectPermission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "content_object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="cameras.camera"
                    ),
                ),
                (
                    "permission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="auth.permission"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddConstraint(
            model_name="cameragroup",
            constraint=models.UniqueConstraint(
                fields=("organization", "name"), name="camera_group_name_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="camera",
            constraint=models.UniqueConstraint(
                fields=("organization", "name"), name="camera_name_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="camera",
            constraint=models.CheckConstraint(
                condition=models.Q(("review_confidence__lte", models.F("accept_confidence"))),
                name="camera_thresholds_ordered",
            ),
        ),
        migrations.AlterUniqueTogether(
            name="cameragroupgroupobjectpermission",
            unique_together={("group", "permission", "content_object")},
        ),
        migrations.AlterUniqueTogether(
            name="cameragroupobjectpermission",
            unique_together={("group", "permission", "content_object")},
        ),
        migrations.AlterUniqueTogether(
            name="cameragroupuserobjectpermission",
            unique_together={("user", "permission", "content_object")},
        ),
        migrations.AlterUniqueTogether(
            name="camerauserobjectpermission",
            unique_together={("user", "permission", "content_object")},
        ),
    ]
