import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vehicles", "0001_initial"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="plate",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    models.Func(
                        "number",
                        models.Value("ODQILZSGBถภชซดตฏปฝฟฬธสฮ"),
                        models.Value("000112568กกขขคคฎบผพพรลอ"),
                        function="translate",
                        output_field=models.CharField(),
                    ),
                    name="gin_trgm_ops",
                ),
                name="plate_folded_trigrams",
            ),
        ),
    ]
