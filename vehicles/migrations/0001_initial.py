import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import lpr_project.common.models
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Vehicle",
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
                ("name", models.CharField(blank=True, max_length=120, verbose_name="name")),
                ("kind", models.CharField(blank=True, max_length=40, verbose_name="type")),
                ("make", models.CharField(blank=True, max_length=60, verbose_name="make")),
                ("model", models.CharField(blank=True, max_length=60, verbose_name="model")),
                ("color", models.CharField(blank=True, max_length=40, verbose_name="colour")),
                ("notes", models.TextField(blank=True, verbose_name="notes")),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vehicles",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "vehicle",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Plate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=lpr_project.common.models.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("number", models.CharField(max_length=16, verbose_name="number")),
                ("country", models.CharField(blank=True, max_length=2, verbose_name="country")),
                ("province", models.CharField(blank=True, max_length=6, verbose_name="province")),
                ("first_seen_at", models.DateTimeField(editable=False, verbose_name="first seen")),
                ("last_seen_at", models.DateTimeField(editable=False, verbose_name="last seen")),
                (
                    "detections_count",
                    models.BigIntegerField(default=0, editable=False, verbose_name="times seen"),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plates",
                        to="accounts.organization",
                    ),
                ),
                (
                    "vehicle",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="plates",
                        to="vehicles.vehicle",
                    ),
                ),
            ],
            options={
                "verbose_name": "plate",
                "ordering": ["-last_seen_at"],
                "indexes": [
                    models.Index(
                        fields=["organization", "-last_seen_at", "-id"], name="plate_newest"
                    ),
                    models.Index(
                        django.contrib.postgres.indexes.OpClass("number", name="text_pattern_ops"),
                        name="plate_number_prefix",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("number"), name="gin_trgm_ops"
                        ),
                        name="plate_number_trigrams",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "number", "country", "province"),
                        name="plate_unique",
                    )
                ],
            },
        ),
    ]
