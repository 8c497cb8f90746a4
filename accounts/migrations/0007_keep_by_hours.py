import django.core.validators
from django.db import migrations, models

LIMITS = [
    django.core.validators.MinValueValidator(1),
    django.core.validators.MaxValueValidator(87660),
]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_allow_exports")]

    operations = [
        migrations.RenameField("organization", "retention_days", "retention_hours"),
        migrations.RunSQL(
            "UPDATE accounts_organization"
            " SET retention_hours = least(greatest(retention_hours, 1) * 24, 87660)",
            "UPDATE accounts_organization SET retention_hours = greatest(retention_hours / 24, 1)",
        ),
        migrations.AlterField(
            "organization",
            "retention_hours",
            models.PositiveIntegerField(
                default=720,
                help_text="How long detections are kept where neither their camera nor its purpose says otherwise; 720 hours are 30 days.",
                validators=LIMITS,
                verbose_name="retention, hours",
            ),
        ),
        migrations.AddField(
            "organization",
            "hit_retention_hours",
            models.PositiveIntegerField(
                blank=True,
                help_text="How long detections are kept that matched a watchlist, if that is longer; empty: as long as others. 8760 hours are a year.",
                null=True,
                validators=LIMITS,
                verbose_name="retention of hits, hours",
            ),
        ),
    ]
