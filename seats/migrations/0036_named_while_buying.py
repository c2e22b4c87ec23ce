"""Whom seats are bought for may be invited into a department; a tranche knows where it was sent for approval."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns."""

    dependencies = [("accounts", "0015_region_details"), ("seats", "0035_alert_replays")]

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
        migrations.AddField(
            "tranche",
            "request",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="seats.seatrequest",
                verbose_name="sent for approval",
            ),
        ),
    ]
