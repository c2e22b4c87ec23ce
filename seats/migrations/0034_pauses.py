"""People whose access rests for a time, and what that changes in answers to "may this person in?"."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import seatportal.kit.ids

FORWARD = """
CREATE TRIGGER seats_revise_pause_new AFTER INSERT ON seats_pause
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_revise_new();
CREATE TRIGGER seats_revise_pause AFTER UPDATE ON seats_pause
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_revise_new();
CREATE TRIGGER seats_revise_pause_old AFTER DELETE ON seats_pause
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION seats_revise_old();
"""
BACKWARD = """
DROP TRIGGER seats_revise_pause_old ON seats_pause;
DROP TRIGGER seats_revise_pause ON seats_pause;
DROP TRIGGER seats_revise_pause_new ON seats_pause;
"""


class Migration(migrations.Migration):
    """A table with its triggers, and two words."""

    dependencies = [
        ("accounts", "0015_region_details"),
        ("seats", "0033_regional_pools"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="assignment",
            name="end_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("released", "Released"),
                    ("reassigned", "Reassigned"),
                    ("left", "Left the account"),
                    ("accepted", "Invitation accepted"),
                    ("revoked", "Invitation withdrawn"),
                    ("expired", "Invitation expired"),
                    ("paused", "Paused"),
                    ("over_limit", "Over the limit"),
                    ("ended", "Subscription ended"),
                ],
                max_length=12,
                verbose_name="ended because",
            ),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("started", "Subscription started"),
                    ("bought", "Seats bought"),
                    ("undone", "Purchase undone"),
                    ("plan", "Plan changed"),
                    ("reduced", "Seats reduced at renewal"),
                    ("external", "Changed in Stripe"),
                    ("ended", "Subscription ended"),
                    ("assigned", "Seat assigned"),
                    ("reserved", "Seat reserved"),
                    ("reassigned", "Seat reassigned"),
                    ("released", "Seat released"),
                    ("paused", "Holder paused"),
                    ("comped", "Seats free of charge"),
                ],
                max_length=12,
                verbose_name="what",
            ),
        ),
        migrations.CreateModel(
            name="Pause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="pau")),
                ("resumes_on", models.DateField(blank=True, null=True, verbose_name="comes back on")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("paused_at", models.DateTimeField(verbose_name="paused")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.membership"
                    ),
                ),
                (
                    "paused_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "pause",
                "verbose_name_plural": "pauses",
                "ordering": ["-paused_at", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)), fields=["resumes_on"], name="pause_due"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("account", "membership"),
                        name="paused_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
