"""Raw usage events, partitioned by month; daily counts gain an outcome and a quantity."""

import django.db.models.deletion
from django.db import migrations, models

EVENTS = """
CREATE TABLE seats_usageevent (
    account_id bigint NOT NULL,
    day date NOT NULL,
    event_id varchar(64) COLLATE "C" NOT NULL,
    membership_id bigint,
    person varchar(254) NOT NULL,
    feature varchar(60) NOT NULL,
    outcome varchar(40) NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    occurred_at timestamptz NOT NULL,
    device bigint,
    network bigint,
    latitude smallint,
    longitude smallint
) PARTITION BY RANGE (day);
CREATE INDEX usage_event_by_day ON seats_usageevent (account_id, day);
"""


class Migration(migrations.Migration):
    """Tables of usage."""

    dependencies = [
        ("accounts", "0004_external_id"),
        ("seats", "0007_leavers"),
    ]

    operations = [
        migrations.RunSQL(EVENTS, "DROP TABLE seats_usageevent"),
        migrations.CreateModel(
            name="UsageEvent",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account", "day", "event_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField(verbose_name="calendar day")),
                ("event_id", models.CharField(db_collation="C", max_length=64)),
                ("person", models.CharField(blank=True, default="", max_length=254)),
                ("feature", models.CharField(max_length=60, verbose_name="feature")),
                ("outcome", models.CharField(blank=True, default="", max_length=40, verbose_name="outcome")),
                ("quantity", models.PositiveIntegerField(verbose_name="quantity")),
                ("occurred_at", models.DateTimeField(verbose_name="when")),
                ("device", models.BigIntegerField(null=True)),
                ("network", models.BigIntegerField(null=True)),
                ("latitude", models.SmallIntegerField(null=True)),
                ("longitude", models.SmallIntegerField(null=True)),
            ],
            options={
                "verbose_name": "usage event",
                "verbose_name_plural": "usage events",
                "db_table": "seats_usageevent",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="UnknownUsage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person", models.CharField(max_length=254, verbose_name="person")),
                ("feature", models.CharField(max_length=60, verbose_name="feature")),
                ("outcome", models.CharField(blank=True, default="", max_length=40, verbose_name="outcome")),
                ("day", models.DateField(verbose_name="calendar day")),
                ("count", models.PositiveIntegerField(verbose_name="times")),
                ("quantity", models.BigIntegerField(default=0, verbose_name="quantity")),
            ],
            options={
                "verbose_name": "use by an unknown person",
                "verbose_name_plural": "use by unknown people",
            },
        ),
        migrations.CreateModel(
            name="UsageKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account", "event_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                ("event_id", models.CharField(db_collation="C", max_length=64)),
                ("day", models.DateField(verbose_name="calendar day")),
            ],
            options={
                "verbose_name": "usage event id",
                "verbose_name_plural": "usage event ids",
            },
        ),
        migrations.CreateModel(
            name="UsageSettings",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.account",
                    ),
                ),
                (
                    "keep_days",
                    models.PositiveIntegerField(
                        default=400,
                        help_text="Daily counts stay; single events are forgotten.",
                        verbose_name="days that events are kept",
                    ),
                ),
                (
                    "groups_only",
                    models.BooleanField(
                        default=False,
                        help_text="Usage is shown for groups of at least five, without names.",
                        verbose_name="privacy mode",
                    ),
                ),
            ],
            options={
                "verbose_name": "usage settings",
                "verbose_name_plural": "usage settings",
            },
        ),
        migrations.RemoveConstraint(
            model_name="dailyusage",
            name="usage_once_per_day",
        ),
        migrations.AddField(
            model_name="dailyusage",
            name="outcome",
            field=models.CharField(blank=True, default="", max_length=40, verbose_name="outcome"),
        ),
        migrations.AddField(
            model_name="dailyusage",
            name="quantity",
            field=models.BigIntegerField(default=0, verbose_name="quantity"),
        ),
        migrations.AlterField(
            model_name="dailyusage",
            name="account",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
            ),
        ),
        migrations.AlterField(
            model_name="dailyusage",
            name="membership",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.membership"
            ),
        ),
        migrations.AddConstraint(
            model_name="dailyusage",
            constraint=models.UniqueConstraint(
                fields=("account", "membership", "day", "feature", "outcome"), name="usage_once_per_day"
            ),
        ),
        migrations.AddField(
            model_name="unknownusage",
            name="account",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
            ),
        ),
        migrations.AddConstraint(
            model_name="unknownusage",
            constraint=models.UniqueConstraint(
                fields=("account", "person", "day", "feature", "outcome"), name="unknown_usage_once_per_day"
            ),
        ),
        migrations.RunSQL("UPDATE seats_dailyusage SET quantity = count", migrations.RunSQL.noop),
    ]
