"""How each person wants to see the seats table."""

import django.db.models.deletion
from django.db import migrations, models

import seatportal.kit.ids


class Migration(migrations.Migration):
    """A table."""

    dependencies = [("accounts", "0015_region_details"), ("seats", "0036_named_while_buying")]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="view")),
                ("name", models.CharField(blank=True, max_length=60, verbose_name="name")),
                ("show", models.CharField(default="all", max_length=20, verbose_name="filter")),
                ("text", models.CharField(blank=True, max_length=200, verbose_name="search")),
                ("sort", models.CharField(default="name", max_length=20, verbose_name="order")),
                ("columns", models.JSONField(default=list, verbose_name="columns")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.membership",
                        verbose_name="of",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved view",
                "verbose_name_plural": "saved views",
                "ordering": ["name", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("membership", "name"), name="saved_view_once_per_name")
                ],
            },
        ),
    ]
