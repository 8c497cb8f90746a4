import django.core.validators
import django.db.models.deletion
from django.db import migrations

LIMITS = [
    django.core.validators.MinValueValidator(1),
    django.core.validators.MaxValueValidator(87660),
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_keep_by_hours"),
        ("cameras", "0004_sample_for_review"),
    ]

    operations = [
        migrations.RenameField("camera", "retention_days", "retention_hours"),
        migrations.RunSQL(
            "UPDATE cameras_camera"
            " SET retention_hours = least(greatest(retention_hours, 1) * 24, 87660)"
            " WHERE retention_hours IS NOT NULL",
            "UPDATE cameras_camera SET retention_hours = greatest(retention_hours / 24, 1)"
            " WHERE retention_hours IS NOT NULL",
        ),
    ]
