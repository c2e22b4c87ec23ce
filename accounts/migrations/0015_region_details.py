"""What is noted of a region for procurement."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Plain columns."""

    dependencies = [("accounts", "0014_single_sign_on")]
    operations = [
        migrations.AddField(
            "region",
            "currency",
            models.CharField(blank=True, db_default="", default="", max_length=3, verbose_name="currency"),
        ),
        migrations.AddField(
            "region",
            "tax_entity",
            models.CharField(blank=True, db_default="", default="", max_length=120, verbose_name="tax entity"),
        ),
        migrations.AddField(
            "region",
            "residency",
            models.CharField(blank=True, db_default="", default="", max_length=40, verbose_name="data residency"),
        ),
    ]
