import cameras.models
from django.db import migrations, models

from lpr_project.common.countries import COUNTRY_CODES


def forget_what_is_no_country(apps, _schema_editor):
    """Two letters that are no country never meant anything, and now would refuse every change."""
    camera = apps.get_model("cameras", "Camera")
    camera.objects.exclude(country__in=["", *COUNTRY_CODES]).update(country="")


class Migration(migrations.Migration):
    dependencies = [
        ("cameras", "0008_name_the_country"),
    ]

    operations = [
        migrations.AlterField(
            model_name="camera",
            name="country",
            field=models.CharField(
                blank=True,
                help_text="Two letters, such as TH: a number that fits several countries is then taken for one of this country. Empty: nothing is assumed.",
                max_length=2,
                validators=[cameras.models.check_country],
                verbose_name="country",
            ),
        ),
        migrations.RunPython(forget_what_is_no_country, migrations.RunPython.noop),
    ]
