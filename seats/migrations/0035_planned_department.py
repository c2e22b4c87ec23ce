"""Whom seats are bought for may be invited into a department."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """One column."""

    dependencies = [("accounts", "0015_region_details"), ("seats", "0034_pauses")]

    operations = [
        migrations.AddField(
            "plannedholder",
            "department",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="accounts.department",
            ),
        ),
    ]
