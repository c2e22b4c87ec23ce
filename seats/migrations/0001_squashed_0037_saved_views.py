import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import seatportal.kit.ids
from seats.migrations._guards import GUARDS

# Of no model: Django knows no partitions.
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
    """The tables as they stand after 0037, and their guards; see docs/adr/0060."""

    replaces = [
        ("seats", "0001_initial"),
        ("seats", "0002_guards"),
        ("seats", "0003_true_ups"),
        ("seats", "0004_undone"),
        ("seats", "0005_recount"),
        ("seats", "0006_plan_changed"),
        ("seats", "0007_leavers"),
        ("seats", "0008_usage_events"),
        ("seats", "0009_events_forgotten"),
        ("seats", "0010_growth"),
        ("seats", "0011_sharing"),
        ("seats", "0012_usage_report"),
        ("seats", "0013_usage_imports"),
        ("seats", "0014_job_runs"),
        ("seats", "0015_account_health"),
        ("seats", "0016_value"),
        ("seats", "0017_entitlements"),
        ("seats", "0018_usage_archive"),
        ("seats", "0019_recurring_and_departments"),
        ("seats", "0020_nudges"),
        ("seats", "0021_business_reviews"),
        ("seats", "0022_roi_a_year"),
        ("seats", "0023_feature_requests"),
        ("seats", "0024_new_leader"),
        ("seats", "0025_comped"),
        ("seats", "0026_invited_wait"),
        ("seats", "0027_account_marks"),
        ("seats", "0028_rollout"),
        ("seats", "0029_limit_exception"),
        ("seats", "0030_purchase_requests"),
        ("seats", "0031_people_imports"),
        ("seats", "0032_budgets_and_joiners"),
        ("seats", "0033_regional_pools"),
        ("seats", "0034_pauses"),
        ("seats", "0035_alert_replays"),
        ("seats", "0036_named_while_buying"),
        ("seats", "0037_saved_views"),
    ]

    dependencies = [
        ("accounts", "0017_staff_keys"),
        ("billing", "0025_quote_commits"),
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
            name="MarkedMonth",
            fields=[
                ("first", models.DateField(primary_key=True, serialize=False, verbose_name="month")),
                ("counted_at", models.DateTimeField(verbose_name="counted")),
            ],
            options={
                "verbose_name": "month of the metrics",
                "verbose_name_plural": "months of the metrics",
                "ordering": ["-first"],
            },
        ),
        migrations.CreateModel(
            name="UsageReport",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="usagereport",
                        serialize=False,
                        to="accounts.account",
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="made")),
                ("data", models.JSONField()),
            ],
            options={
                "verbose_name": "usage report",
                "verbose_name_plural": "usage reports",
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
                (
                    "forgotten_to",
                    models.DateField(
                        editable=False,
                        help_text="The last day whose events are not complete.",
                        null=True,
                        verbose_name="events forgotten up to",
                    ),
                ),
                (
                    "peers",
                    models.BooleanField(
                        default=True,
                        help_text="Counted among its peers without its name, and shown them.",
                        verbose_name="compare with peers",
                    ),
                ),
                (
                    "archived_from",
                    models.DateField(
                        editable=False,
                        help_text="From this day to the last forgotten one the archive has every event.",
                        null=True,
                        verbose_name="events archived from",
                    ),
                ),
            ],
            options={
                "verbose_name": "usage settings",
                "verbose_name_plural": "usage settings",
            },
        ),
        migrations.CreateModel(
            name="AccountMark",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "month", "account", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("month", models.DateField(verbose_name="month")),
                ("purchased", models.PositiveIntegerField(verbose_name="purchased")),
                ("assigned", models.PositiveIntegerField(verbose_name="assigned")),
                ("active", models.PositiveIntegerField(verbose_name="active")),
                ("start", models.PositiveIntegerField(verbose_name="purchased a year before")),
                ("first_at", models.DateTimeField(null=True, verbose_name="first seats")),
                ("next_at", models.DateTimeField(null=True, verbose_name="seats added again")),
                ("region", models.CharField(blank=True, max_length=80, verbose_name="region")),
                ("health", models.PositiveSmallIntegerField(null=True, verbose_name="health")),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "verbose_name": "account in a month",
                "verbose_name_plural": "accounts in a month",
            },
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="alt")),
                ("at", models.DateTimeField(verbose_name="when")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
            ],
            options={
                "verbose_name": "alert",
                "verbose_name_plural": "alerts",
                "ordering": ["-at", "-id"],
                "indexes": [models.Index(fields=["account", "-at"], name="alert_by_account")],
            },
        ),
        migrations.CreateModel(
            name="AlertEndpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="aep")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "channel",
                    models.CharField(
                        choices=[("slack", "Slack"), ("webhook", "Webhook")], max_length=8, verbose_name="kind"
                    ),
                ),
                (
                    "url",
                    models.CharField(
                        help_text="Only https.",
                        max_length=500,
                        validators=[django.core.validators.URLValidator(schemes=["https"])],
                        verbose_name="address",
                    ),
                ),
                ("secret", models.CharField(blank=True, editable=False, max_length=100, verbose_name="secret")),
                ("active", models.BooleanField(default=True, verbose_name="in use")),
            ],
            options={
                "verbose_name": "alert address",
                "verbose_name_plural": "alert addresses",
                "ordering": ["name", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("url__startswith", "https://")), name="alert_endpoint_is_https"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AlertDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="adl")),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("mail", "E-mail"),
                            ("in_app", "Staff inbox"),
                            ("slack", "Slack"),
                            ("webhook", "Webhook"),
                        ],
                        max_length=8,
                        verbose_name="channel",
                    ),
                ),
                ("digest", models.BooleanField(default=False, verbose_name="in the digest")),
                ("next_try_at", models.DateTimeField(verbose_name="next try")),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="tries")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                ("read_at", models.DateTimeField(blank=True, null=True, verbose_name="read")),
                ("given_up_at", models.DateTimeField(blank=True, null=True, verbose_name="given up")),
                ("last_error", models.CharField(blank=True, max_length=200, verbose_name="last error")),
                (
                    "replays",
                    models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="sent again by staff"),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="seats.alert"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="to",
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="seats.alertendpoint",
                        verbose_name="address",
                    ),
                ),
            ],
            options={
                "verbose_name": "alert delivery",
                "verbose_name_plural": "alert deliveries",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("given_up_at__isnull", True), ("sent_at__isnull", True)),
                        fields=["next_try_at"],
                        name="alert_delivery_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "alert", "channel", "user", "endpoint"),
                        name="alert_delivery_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("endpoint__isnull", True), ("user__isnull", False)),
                            models.Q(("endpoint__isnull", False), ("user__isnull", True)),
                            _connector="OR",
                        ),
                        name="alert_delivery_has_one_reader",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AlertPreference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "mail",
                    models.CharField(
                        choices=[("at_once", "At once"), ("daily", "Once a day, together"), ("never", "Never")],
                        default="at_once",
                        max_length=8,
                        verbose_name="by mail",
                    ),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[("mine", "Accounts I look after, and those nobody does"), ("all", "All accounts")],
                        default="mine",
                        max_length=4,
                        verbose_name="of",
                    ),
                ),
                ("in_app", models.BooleanField(default=True, verbose_name="in the staff inbox")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "alert preference",
                "verbose_name_plural": "alert preferences",
            },
        ),
        migrations.CreateModel(
            name="ArchivedFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="arc")),
                ("bucket", models.PositiveSmallIntegerField()),
                ("day", models.DateField(verbose_name="calendar day")),
                ("events", models.PositiveIntegerField()),
                ("size", models.PositiveBigIntegerField()),
            ],
            options={
                "verbose_name": "archived file of usage events",
                "verbose_name_plural": "archived files of usage events",
                "indexes": [models.Index(fields=["bucket", "day"], name="archived_by_bucket_and_day")],
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="seat")),
                (
                    "state",
                    models.CharField(
                        choices=[("held", "Held"), ("reserved", "Reserved")], max_length=8, verbose_name="state"
                    ),
                ),
                ("door", models.CharField(max_length=16, verbose_name="door")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("started_at", models.DateTimeField(verbose_name="from")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="to")),
                (
                    "end_reason",
                    models.CharField(
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
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
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
                    "invitation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.invitation",
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.membership",
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="seats.assignment",
                    ),
                ),
                (
                    "started_by",
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
                "verbose_name": "seat assignment",
                "verbose_name_plural": "seat assignments",
                "ordering": ["-started_at", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=["account", "started_at"],
                        name="seat_open_by_account",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True), ("membership__isnull", False)),
                        fields=("account", "membership"),
                        name="seat_once_per_member",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True), ("state", "reserved")),
                        fields=("account", "invitation"),
                        name="seat_once_per_invitation",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("membership__isnull", False), ("state", "held")),
                            models.Q(
                                ("invitation__isnull", False), ("membership__isnull", True), ("state", "reserved")
                            ),
                            _connector="OR",
                        ),
                        name="seat_has_one_holder",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BusinessReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="ebr")),
                ("prepared_at", models.DateTimeField(verbose_name="prepared")),
                ("data", models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ("next_on", models.DateField(verbose_name="next review")),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "prepared_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="prepared by",
                    ),
                ),
            ],
            options={
                "verbose_name": "business review",
                "verbose_name_plural": "business reviews",
                "ordering": ["-prepared_at", "-id"],
                "indexes": [models.Index(fields=["account", "-prepared_at"], name="review_by_account")],
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="ctc")),
                ("name", models.CharField(max_length=150, verbose_name="name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail address")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("champion", "Champion"),
                            ("sponsor", "Executive sponsor"),
                            ("approver", "Approver"),
                            ("finance", "Finance"),
                            ("it", "IT and security"),
                            ("regional", "Regional coordinator"),
                        ],
                        max_length=10,
                        verbose_name="part",
                    ),
                ),
                (
                    "influence",
                    models.CharField(
                        choices=[("high", "High"), ("medium", "Medium"), ("low", "Low")],
                        default="medium",
                        max_length=6,
                        verbose_name="influence",
                    ),
                ),
                ("last_contact_on", models.DateField(blank=True, null=True, verbose_name="last contact")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="taken off")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.membership",
                    ),
                ),
            ],
            options={
                "verbose_name": "contact",
                "verbose_name_plural": "contacts",
                "ordering": ["account", "role", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True), ("membership__isnull", False)),
                        fields=("account", "membership", "role"),
                        name="contact_once_per_part",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="calendar day")),
                ("purchased", models.PositiveIntegerField(verbose_name="purchased")),
                ("assigned_peak", models.PositiveIntegerField(verbose_name="most taken")),
                ("over_peak", models.PositiveIntegerField(verbose_name="most taken while over")),
                ("free", models.PositiveIntegerField(verbose_name="free")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
            ],
            options={
                "verbose_name": "daily mark",
                "verbose_name_plural": "daily marks",
                "ordering": ["-day", "-id"],
                "constraints": [models.UniqueConstraint(fields=("account", "day"), name="mark_once_per_day")],
            },
        ),
        migrations.CreateModel(
            name="DailyUsage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("feature", models.CharField(max_length=60, verbose_name="feature")),
                ("day", models.DateField(verbose_name="calendar day")),
                ("count", models.PositiveIntegerField(verbose_name="times")),
                ("outcome", models.CharField(blank=True, default="", max_length=40, verbose_name="outcome")),
                ("quantity", models.BigIntegerField(default=0, verbose_name="quantity")),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.membership",
                    ),
                ),
            ],
            options={
                "verbose_name": "daily usage",
                "verbose_name_plural": "daily usage",
                "indexes": [models.Index(fields=["account", "day"], name="usage_by_day")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "membership", "day", "feature", "outcome"), name="usage_once_per_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DepartmentBudget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("amount", models.BigIntegerField(verbose_name="a month")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "department",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.department"
                    ),
                ),
            ],
            options={
                "verbose_name": "department budget",
                "verbose_name_plural": "department budgets",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="budget_from_zero")
                ],
            },
        ),
        migrations.CreateModel(
            name="DepartmentMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="calendar day")),
                ("holders", models.PositiveIntegerField(verbose_name="holders")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.department",
                    ),
                ),
            ],
            options={
                "verbose_name": "department mark",
                "verbose_name_plural": "department marks",
                "ordering": ["-day", "-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("department", "day"), name="department_mark_once_per_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="FeatureRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="ftr")),
                ("what", models.CharField(max_length=120, verbose_name="what")),
                ("why", models.CharField(max_length=1000, verbose_name="why")),
                (
                    "tag",
                    models.CharField(
                        choices=[
                            ("sso", "Single sign-on"),
                            ("admin", "Admin controls"),
                            ("team", "Team management"),
                            ("other", "Something else"),
                        ],
                        max_length=8,
                        verbose_name="about",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("planned", "Planned"),
                            ("shipped", "Shipped"),
                            ("declined", "Declined"),
                        ],
                        default="new",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("answer", models.CharField(blank=True, max_length=300, verbose_name="answer")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="answered by",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.membership",
                        verbose_name="asked by",
                    ),
                ),
            ],
            options={
                "verbose_name": "feature request",
                "verbose_name_plural": "feature requests",
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(fields=["account", "-created_at"], name="feature_request_by_account"),
                    models.Index(
                        condition=models.Q(("state", "new")), fields=["account", "tag"], name="feature_request_open"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at__isnull", True), ("state", "new")),
                            models.Q(models.Q(("state", "new"), _negated=True), ("answered_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="feature_request_answered",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="JobRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, verbose_name="job")),
                ("task_id", models.CharField(max_length=64, unique=True)),
                ("started_at", models.DateTimeField(verbose_name="started")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
                ("milliseconds", models.PositiveIntegerField(blank=True, null=True, verbose_name="milliseconds")),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("failed", "Failed")],
                        default="running",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("error", models.CharField(blank=True, max_length=300, verbose_name="error")),
                ("asked_by", models.CharField(blank=True, max_length=254, verbose_name="by hand")),
            ],
            options={
                "verbose_name": "run of a job",
                "verbose_name_plural": "runs of jobs",
                "ordering": ["-started_at", "-id"],
                "indexes": [models.Index(fields=["name", "-started_at"], name="job_run_by_name")],
            },
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="led")),
                ("at", models.DateTimeField(verbose_name="when")),
                (
                    "kind",
                    models.CharField(
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
                ("purchased_before", models.PositiveIntegerField(verbose_name="purchased before")),
                ("purchased_after", models.PositiveIntegerField(verbose_name="purchased after")),
                ("assigned_before", models.PositiveIntegerField(verbose_name="taken before")),
                ("assigned_after", models.PositiveIntegerField(verbose_name="taken after")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("change_id", models.CharField(blank=True, max_length=40, verbose_name="change")),
                ("invoice_stripe_id", models.CharField(blank=True, max_length=64, verbose_name="invoice")),
                ("to_email", models.EmailField(blank=True, max_length=254, verbose_name="invited address")),
                (
                    "comped_before",
                    models.PositiveIntegerField(db_default=0, default=0, verbose_name="free of charge before"),
                ),
                (
                    "comped_after",
                    models.PositiveIntegerField(db_default=0, default=0, verbose_name="free of charge after"),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "from_member",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.membership",
                    ),
                ),
                (
                    "to_member",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.membership",
                    ),
                ),
            ],
            options={
                "verbose_name": "ledger entry",
                "verbose_name_plural": "ledger",
                "ordering": ["-at", "-id"],
                "indexes": [models.Index(fields=["account", "-at", "-id"], name="ledger_by_account")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("change_id", ""), _negated=True),
                        fields=("account", "change_id"),
                        name="ledger_change_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ExpansionTask",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="tsk")),
                ("playbook", models.CharField(max_length=24, verbose_name="playbook")),
                (
                    "pattern",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("departmental", "Within a department"),
                            ("cross_department", "To another department"),
                            ("hierarchical", "Up and down the hierarchy"),
                            ("geographic", "To another region"),
                            ("", "None"),
                        ],
                        max_length=20,
                        verbose_name="pattern",
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=40, verbose_name="about")),
                ("expands", models.BooleanField(verbose_name="about more seats")),
                ("opened_at", models.DateTimeField(verbose_name="opened")),
                ("due_on", models.DateField(verbose_name="due")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("snoozed", "Snoozed"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                            ("done", "Done"),
                        ],
                        default="open",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("snoozed_until", models.DateField(blank=True, null=True, verbose_name="snoozed until")),
                ("quantity", models.PositiveIntegerField(blank=True, null=True, verbose_name="suggested seats")),
                ("value", models.BigIntegerField(blank=True, null=True, verbose_name="estimated value")),
                ("value_currency", models.CharField(blank=True, max_length=3, verbose_name="currency")),
                ("value_interval", models.CharField(blank=True, max_length=5, verbose_name="per")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "won_entry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="seats.ledgerentry",
                        verbose_name="won by",
                    ),
                ),
            ],
            options={
                "verbose_name": "expansion task",
                "verbose_name_plural": "expansion tasks",
                "ordering": ["due_on", "id"],
                "indexes": [
                    models.Index(fields=["account", "-opened_at"], name="task_by_account"),
                    models.Index(
                        condition=models.Q(("state__in", ["open", "snoozed"])), fields=["due_on"], name="task_due"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["open", "snoozed"])),
                        fields=("account", "playbook", "subject"),
                        name="task_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "won"), _negated=True), ("won_entry__isnull", False), _connector="OR"
                        ),
                        name="task_won_has_entry",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "snoozed"), _negated=True),
                            ("snoozed_until__isnull", False),
                            _connector="OR",
                        ),
                        name="task_snoozed_has_end",
                    ),
                    models.UniqueConstraint(fields=("account", "won_entry"), name="task_won_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="MailChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="mch")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("weekly_digest", "Weekly digest"),
                            ("value_report", "Report at the end of a value plan"),
                        ],
                        max_length=16,
                        verbose_name="mail",
                    ),
                ),
                ("wanted", models.BooleanField(verbose_name="wanted")),
                ("changed_at", models.DateTimeField(verbose_name="changed")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.membership"
                    ),
                ),
            ],
            options={
                "verbose_name": "choice of a mail",
                "verbose_name_plural": "choices of mails",
                "constraints": [models.UniqueConstraint(fields=("membership", "kind"), name="mail_choice_once")],
            },
        ),
        migrations.CreateModel(
            name="Nudge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="ndg")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("idle", "Whether they still need the seat"),
                            ("mentor", "Whether they would help others"),
                        ],
                        max_length=6,
                        verbose_name="kind",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="asked")),
                ("silent_since", models.DateTimeField(blank=True, null=True, verbose_name="silent since")),
                ("words", models.CharField(blank=True, max_length=300, verbose_name="words")),
                ("given_back_at", models.DateTimeField(blank=True, null=True, verbose_name="given back")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="seats.assignment",
                        verbose_name="seat",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.membership",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "nudge",
                "verbose_name_plural": "nudges",
                "ordering": ["-at", "-id"],
                "indexes": [
                    models.Index(fields=["account", "-at"], name="nudge_by_account"),
                    models.Index(fields=["membership", "kind", "-at"], name="nudge_by_person"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("given_back_at__isnull", True), ("kind", "idle"), _connector="OR"),
                        name="nudge_of_idle_gives_back",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NudgeRefusal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="since")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "membership",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.membership",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "refusal of nudges",
                "verbose_name_plural": "refusals of nudges",
            },
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
        migrations.CreateModel(
            name="PeerBand",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("industry", models.CharField(max_length=60, verbose_name="industry")),
                ("size", models.CharField(max_length=8, verbose_name="size")),
                ("accounts", models.PositiveIntegerField(verbose_name="accounts")),
                ("p25", models.PositiveSmallIntegerField()),
                ("p50", models.PositiveSmallIntegerField()),
                ("p75", models.PositiveSmallIntegerField()),
                ("made_at", models.DateTimeField(verbose_name="made")),
            ],
            options={
                "verbose_name": "band of peers",
                "verbose_name_plural": "bands of peers",
                "constraints": [models.UniqueConstraint(fields=("industry", "size"), name="peer_band_once")],
            },
        ),
        migrations.CreateModel(
            name="PeopleImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="pim")),
                ("file_name", models.CharField(max_length=200, verbose_name="file")),
                ("content", models.BinaryField(null=True)),
                ("head", models.JSONField(default=list)),
                ("mapping", models.JSONField(default=list, verbose_name="columns")),
                ("door", models.CharField(max_length=16, verbose_name="door")),
                ("gives_seats", models.BooleanField(default=True, verbose_name="may give seats")),
                ("adds_places", models.BooleanField(default=True, verbose_name="may add departments and regions")),
                ("added_at", models.DateTimeField(verbose_name="handed in")),
                ("began_at", models.DateTimeField(blank=True, null=True, verbose_name="began")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Not applied"),
                            ("open", "In progress"),
                            ("done", "Done"),
                            ("stopped", "Stopped"),
                        ],
                        default="draft",
                        max_length=7,
                        verbose_name="state",
                    ),
                ),
                ("rows", models.PositiveIntegerField(verbose_name="people")),
                ("rows_done", models.PositiveIntegerField(default=0, verbose_name="people done")),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="failures in a row")),
                ("last_error", models.CharField(blank=True, max_length=200, verbose_name="last error")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "api_key",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.apikey",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by whom",
                    ),
                ),
            ],
            options={
                "verbose_name": "import of people",
                "verbose_name_plural": "imports of people",
                "ordering": ["-added_at", "-id"],
                "indexes": [
                    models.Index(fields=["account", "-added_at"], name="people_import_by_account"),
                    models.Index(condition=models.Q(("state", "open")), fields=["id"], name="people_import_open"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rows_done__lte", models.F("rows"))), name="people_import_within_its_rows"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "done"), _negated=True),
                            models.Q(("content__isnull", True), ("rows_done", models.F("rows"))),
                            _connector="OR",
                        ),
                        name="people_import_done_is_done",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportedPerson",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("line", models.PositiveIntegerField(verbose_name="line")),
                ("email", models.CharField(max_length=254, verbose_name="e-mail address")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("invited", "Invited"),
                            ("changed", "Changed"),
                            ("unchanged", "Unchanged"),
                            ("failed", "Failed"),
                        ],
                        max_length=9,
                        verbose_name="result",
                    ),
                ),
                (
                    "seat",
                    models.CharField(
                        blank=True,
                        choices=[("", "–"), ("given", "Has a seat"), ("waiting", "Waiting"), ("released", "Released")],
                        max_length=8,
                        verbose_name="seat",
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=40)),
                ("field", models.CharField(blank=True, max_length=20, verbose_name="column")),
                ("text", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("cells", models.JSONField(default=list)),
                (
                    "people_import",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="people", to="seats.peopleimport"
                    ),
                ),
            ],
            options={
                "verbose_name": "imported person",
                "verbose_name_plural": "imported people",
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("people_import", "position"), name="imported_person_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PlannedHolder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quote_id", models.CharField(max_length=40)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("served_at", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=200)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.department",
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.membership",
                    ),
                ),
                (
                    "planned_by",
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
                "verbose_name": "planned holder",
                "verbose_name_plural": "planned holders",
                "indexes": [models.Index(fields=["quote_id"], name="planned_by_quote")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("membership__isnull", False), models.Q(("email", ""), _negated=True), _connector="XOR"
                        ),
                        name="planned_is_member_or_address",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RecurringChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="when")),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("new", "First seats"),
                            ("returned", "Back after an end"),
                            ("seats", "Seats"),
                            ("price", "Price"),
                            ("plan", "Change of plan"),
                            ("other", "Other, such as changes at Stripe"),
                            ("ended", "Ended"),
                        ],
                        max_length=8,
                        verbose_name="cause",
                    ),
                ),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("before", models.BigIntegerField(verbose_name="per year before")),
                ("after", models.BigIntegerField(verbose_name="per year after")),
                ("quantity", models.PositiveIntegerField(verbose_name="seats after")),
                ("price_stripe_id", models.CharField(max_length=64, verbose_name="price")),
                ("undone", models.BooleanField(default=False, verbose_name="takes back a purchase")),
                ("assumed", models.BooleanField(default=False, verbose_name="price assumed")),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="seats.ledgerentry",
                        verbose_name="ledger entry",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of recurring revenue",
                "verbose_name_plural": "changes of recurring revenue",
                "ordering": ["-at", "-id"],
                "indexes": [models.Index(fields=["account", "-at", "-id"], name="recurring_by_account")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("entry__isnull", False)),
                        fields=("entry", "cause"),
                        name="recurring_once_per_entry",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReductionLeaver",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("decrease_id", models.CharField(max_length=40)),
                ("chosen_at", models.DateTimeField(verbose_name="chosen")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="seats.assignment"
                    ),
                ),
                (
                    "chosen_by",
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
                "verbose_name": "seat that leaves with a reduction",
                "verbose_name_plural": "seats that leave with a reduction",
                "constraints": [
                    models.UniqueConstraint(fields=("decrease_id", "assignment"), name="leaver_once_per_reduction")
                ],
            },
        ),
        migrations.CreateModel(
            name="RegionPool",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("seats", models.PositiveIntegerField(verbose_name="seats set aside")),
                ("assigned", models.PositiveIntegerField(default=0, verbose_name="taken")),
                ("entitled", models.PositiveIntegerField(default=0, verbose_name="may be taken")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "region",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.region"
                    ),
                ),
            ],
            options={
                "verbose_name": "regional pool",
                "verbose_name_plural": "regional pools",
                "ordering": ["account", "region__name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("assigned__lte", models.F("entitled"))), name="region_never_oversold"
                    ),
                    models.CheckConstraint(condition=models.Q(("seats__gte", 1)), name="region_pool_has_seats"),
                ],
            },
        ),
        migrations.AddField(
            model_name="assignment",
            name="region_pool",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="seats.regionpool",
                verbose_name="regional pool",
            ),
        ),
        migrations.CreateModel(
            name="RoiVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="roi")),
                ("hours", models.PositiveIntegerField(verbose_name="hours saved per person and week, in hundredths")),
                ("hour_cost", models.PositiveBigIntegerField(verbose_name="cost of an hour")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("share", models.PositiveSmallIntegerField(verbose_name="share counted")),
                ("active", models.PositiveIntegerField(verbose_name="active people")),
                ("cost", models.BigIntegerField(blank=True, null=True, verbose_name="cost of the seats a year")),
                ("cost_source", models.CharField(blank=True, max_length=8)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "saved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "return on the seats",
                "verbose_name_plural": "returns on the seats",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["account", "-id"], name="roi_newest")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("share__lte", 100)), name="roi_share_is_percent")
                ],
            },
        ),
        migrations.CreateModel(
            name="RolloutPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="rol")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "budget_month",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(12),
                        ],
                        verbose_name="budget year begins in",
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
            ],
            options={
                "verbose_name": "rollout plan",
                "verbose_name_plural": "rollout plans",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("budget_month__gte", 1), ("budget_month__lte", 12)), name="rollout_month"
                    )
                ],
            },
        ),
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
        migrations.CreateModel(
            name="SeatPool",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("purchased", models.PositiveIntegerField(default=0, verbose_name="purchased")),
                ("entitled", models.PositiveIntegerField(default=0, verbose_name="may be taken")),
                ("assigned", models.PositiveIntegerField(default=0, verbose_name="taken")),
                (
                    "mode",
                    models.CharField(
                        choices=[("hard", "Hard limit"), ("soft", "Soft limit")],
                        default="hard",
                        max_length=4,
                        verbose_name="limit",
                    ),
                ),
                (
                    "allowance",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="With a soft limit: how many seats may be used on top.",
                        verbose_name="seats over the limit",
                    ),
                ),
                ("grace_days", models.PositiveSmallIntegerField(default=14, verbose_name="days of grace")),
                (
                    "frozen",
                    models.CharField(
                        blank=True,
                        help_text="The subscription's state, when it stops growth.",
                        max_length=24,
                        verbose_name="no new seats because",
                    ),
                ),
                ("over_since", models.DateTimeField(blank=True, null=True, verbose_name="over the limit since")),
                ("began_at", models.DateTimeField(blank=True, null=True, verbose_name="first seats")),
                ("revision", models.BigIntegerField(default=0, editable=False)),
                ("comped", models.PositiveIntegerField(db_default=0, default=0, verbose_name="free of charge")),
                ("comped_until", models.DateField(blank=True, null=True, verbose_name="free of charge until")),
                ("policy_after", models.JSONField(blank=True, null=True, verbose_name="limit after the exception")),
                ("policy_until", models.DateField(blank=True, null=True, verbose_name="exception until")),
                (
                    "set_aside",
                    models.PositiveIntegerField(db_default=0, default=0, verbose_name="set aside for regions"),
                ),
                (
                    "common_assigned",
                    models.PositiveIntegerField(db_default=0, default=0, verbose_name="taken outside regional pools"),
                ),
                (
                    "common_entitled",
                    models.PositiveIntegerField(
                        db_default=0, default=0, verbose_name="may be taken outside regional pools"
                    ),
                ),
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
            ],
            options={
                "verbose_name": "seat pool",
                "verbose_name_plural": "seat pools",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("assigned__lte", models.F("entitled"))), name="pool_never_oversold"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mode", "soft"), ("allowance", 0), _connector="OR"),
                        name="pool_hard_has_no_allowance",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("comped", 0), ("comped_until__isnull", True)),
                            models.Q(("comped__gt", 0), ("comped_until__isnull", False)),
                            _connector="OR",
                        ),
                        name="pool_comped_has_an_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("policy_after__isnull", True), ("policy_until__isnull", True)),
                            models.Q(("policy_after__isnull", False), ("policy_until__isnull", False)),
                            _connector="OR",
                        ),
                        name="pool_exception_has_an_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("common_assigned__lte", models.F("common_entitled"))),
                        name="rest_never_oversold",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SeatRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="req")),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Waiting for an answer"),
                            ("buying", "Being bought"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("answer", models.CharField(blank=True, max_length=300, verbose_name="answer")),
                ("reminded_at", models.DateTimeField(blank=True, null=True, verbose_name="reminded")),
                ("asked_due", models.BigIntegerField(blank=True, null=True, verbose_name="due when asked")),
                ("asked_monthly", models.BigIntegerField(blank=True, null=True, verbose_name="more a month")),
                ("asked_total", models.BigIntegerField(blank=True, null=True, verbose_name="price when asked")),
                ("currency", models.CharField(blank=True, db_default="", default="", max_length=3)),
                ("emails", models.JSONField(blank=True, db_default=[], default=list)),
                (
                    "kind",
                    models.CharField(
                        choices=[("seat", "A seat"), ("purchase", "A purchase")],
                        db_default="seat",
                        default="seat",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                (
                    "po_number",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=60, verbose_name="purchase order number"
                    ),
                ),
                ("price_id", models.CharField(blank=True, db_default="", default="", max_length=40)),
                (
                    "problem",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=64, verbose_name="not bought because"
                    ),
                ),
                ("quantity", models.PositiveIntegerField(blank=True, null=True, verbose_name="seats to add")),
                ("quote_id", models.CharField(blank=True, db_default="", default="", max_length=40)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.quantitychange",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.department",
                        verbose_name="department",
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.membership",
                        verbose_name="for whom",
                    ),
                ),
                (
                    "people",
                    models.ManyToManyField(blank=True, related_name="+", to="accounts.membership", verbose_name="for"),
                ),
            ],
            options={
                "verbose_name": "seat request",
                "verbose_name_plural": "seat requests",
                "ordering": ["-created_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "seat"), ("state", "open")),
                        fields=("account", "membership"),
                        name="request_open_once_per_person",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "purchase")), fields=("quote_id",), name="request_once_per_quote"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "seat"),
                            models.Q(("asked_total__isnull", False), ("quantity__isnull", False)),
                            _connector="OR",
                        ),
                        name="request_purchase_has_a_price",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RequestStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(verbose_name="position")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("team_manager", "Team manager of the department"),
                            ("billing", "Billing"),
                            ("admin", "Admin or owner"),
                            ("owner", "Owner"),
                        ],
                        max_length=12,
                        verbose_name="role",
                    ),
                ),
                ("from_amount", models.BigIntegerField(default=0, verbose_name="from")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("approved", models.BigIntegerField(blank=True, null=True, verbose_name="approved up to")),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("people", models.ManyToManyField(blank=True, related_name="+", to="accounts.membership")),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="seats.seatrequest"
                    ),
                ),
            ],
            options={
                "verbose_name": "step of a request",
                "verbose_name_plural": "steps of requests",
                "ordering": ["request", "position"],
                "constraints": [models.UniqueConstraint(fields=("request", "position"), name="request_step_once")],
            },
        ),
        migrations.CreateModel(
            name="JoinerPurchase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Being bought or asked for"), ("stopped", "Stopped"), ("done", "Done")],
                        default="open",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("since", models.DateTimeField(verbose_name="since")),
                ("next_try_at", models.DateTimeField(verbose_name="next try")),
                ("tries", models.PositiveIntegerField(default=0, verbose_name="purchases")),
                ("problem", models.CharField(blank=True, max_length=64, verbose_name="stopped because")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.quantitychange",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="seats.seatrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "purchase for joiners",
                "verbose_name_plural": "purchases for joiners",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["open", "stopped"])),
                        fields=("account",),
                        name="joiner_purchase_one_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SharingCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="shr")),
                ("found_at", models.DateTimeField(verbose_name="found")),
                ("score", models.PositiveSmallIntegerField(verbose_name="score")),
                ("devices", models.PositiveSmallIntegerField(verbose_name="devices")),
                ("at_once", models.PositiveSmallIntegerField(verbose_name="places at once")),
                ("extra_people", models.PositiveSmallIntegerField(verbose_name="more people, by estimate")),
                (
                    "evidence",
                    models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name="evidence"),
                ),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[("", "No answer"), ("mine", "It was me"), ("shared", "I share this sign-in")],
                        default="",
                        max_length=6,
                        verbose_name="answer",
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
                ("shown_at", models.DateTimeField(blank=True, null=True, verbose_name="shown to admins")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.membership",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "shared sign-in",
                "verbose_name_plural": "shared sign-ins",
                "ordering": ["-found_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=("account", "membership"),
                        name="sharing_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at__isnull", True)),
                            models.Q(
                                models.Q(("answer", ""), _negated=True),
                                ("answered_at__isnull", False),
                                ("shown_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="sharing_answer_is_shown",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("closed_at__isnull", True), ("shown_at__isnull", False), _connector="OR"),
                        name="sharing_closed_was_shown",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Signal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="sig")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("crossed_80", "80 % of the seats in use"),
                            ("few_left", "Few seats left"),
                            ("limit_reached", "All seats taken"),
                            ("low_adoption", "Low adoption"),
                            ("low_health", "Poor health"),
                            ("headcount_gap", "People without a seat"),
                            ("new_leader", "New leader"),
                            ("power_users", "Power users"),
                            ("new_department", "New department"),
                            ("department_growth", "Department grows"),
                            ("interest", "Interest in more seats"),
                            ("champion_left", "Champion left"),
                            ("runway", "Seats run out before procurement ends"),
                            ("check_in", "Check-in due"),
                            ("sharing", "Shared sign-in"),
                            ("feature_asked", "Feature of a growing team asked for"),
                            ("renewal_at_risk", "Seats likely to be cut at renewal"),
                            ("value_proven", "Value proven"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=40, verbose_name="about")),
                ("day", models.DateField(verbose_name="day")),
                ("seen_at", models.DateTimeField(verbose_name="seen")),
                (
                    "evidence",
                    models.JSONField(
                        default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name="evidence"
                    ),
                ),
                ("seats", models.PositiveIntegerField(blank=True, null=True, verbose_name="suggested seats")),
                ("score", models.PositiveSmallIntegerField(default=0, verbose_name="score")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                ("told_at", models.DateTimeField(blank=True, null=True, verbose_name="told")),
                ("held_back", models.BooleanField(default=False, verbose_name="held back")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "alert",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="signals",
                        to="seats.alert",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="signals",
                        to="seats.expansiontask",
                    ),
                ),
            ],
            options={
                "verbose_name": "signal",
                "verbose_name_plural": "signals",
                "ordering": ["-seen_at", "-id"],
                "indexes": [
                    models.Index(fields=["account", "-seen_at"], name="signal_by_account"),
                    models.Index(
                        condition=models.Q(
                            ("ended_at__isnull", True),
                            models.Q(("told_at__isnull", True), ("held_back", True), _connector="OR"),
                        ),
                        fields=["account"],
                        name="signal_to_tell",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("account", "kind", "subject"),
                        name="signal_open_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Sweep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("hourly", "Hourly"), ("nightly", "Nightly")], max_length=8, verbose_name="kind"
                    ),
                ),
                ("slot", models.DateTimeField(verbose_name="for")),
                ("started_at", models.DateTimeField(verbose_name="started")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
            ],
            options={
                "verbose_name": "sweep",
                "verbose_name_plural": "sweeps",
                "ordering": ["-started_at", "-id"],
                "constraints": [models.UniqueConstraint(fields=("kind", "slot"), name="sweep_once_per_slot")],
            },
        ),
        migrations.CreateModel(
            name="SweepShard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.BigIntegerField(verbose_name="from account")),
                ("last", models.BigIntegerField(verbose_name="to account")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done")),
                ("opened", models.PositiveIntegerField(default=0, verbose_name="signals opened")),
                ("ended", models.PositiveIntegerField(default=0, verbose_name="signals ended")),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="failed tries")),
                ("last_error", models.CharField(blank=True, max_length=200, verbose_name="last error")),
                (
                    "sweep",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="shards", to="seats.sweep"
                    ),
                ),
            ],
            options={
                "verbose_name": "part of a sweep",
                "verbose_name_plural": "parts of sweeps",
                "ordering": ["sweep", "first"],
                "indexes": [
                    models.Index(condition=models.Q(("done_at__isnull", True)), fields=["sweep"], name="shard_open")
                ],
                "constraints": [models.UniqueConstraint(fields=("sweep", "first"), name="shard_once")],
            },
        ),
        migrations.CreateModel(
            name="Tranche",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="trn")),
                ("quantity", models.PositiveIntegerField(verbose_name="seats")),
                ("due_on", models.DateField(verbose_name="day")),
                (
                    "gate_percent",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="active seats at least, in percent"
                    ),
                ),
                ("released_at", models.DateTimeField(blank=True, null=True, verbose_name="released")),
                ("released_reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("currency", models.CharField(max_length=3)),
                ("ceiling", models.BigIntegerField(verbose_name="at most")),
                ("agreed_at", models.DateTimeField(verbose_name="agreed")),
                ("estimate", models.BigIntegerField(blank=True, null=True, verbose_name="estimate")),
                ("estimate_of", models.DateTimeField(blank=True, null=True)),
                ("po_number", models.CharField(blank=True, max_length=60, verbose_name="purchase order number")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("held", "Held"),
                            ("buying", "Being bought"),
                            ("bought", "Bought"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="planned",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("held_code", models.CharField(blank=True, max_length=64, verbose_name="held because")),
                ("held_at", models.DateTimeField(blank=True, null=True, verbose_name="held since")),
                ("asked", models.BigIntegerField(blank=True, null=True, verbose_name="price on the day")),
                ("next_look_at", models.DateTimeField(blank=True, null=True)),
                ("tried_since", models.DateTimeField(blank=True, null=True)),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "agreed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "agreed_key",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.apikey",
                    ),
                ),
                (
                    "change",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.quantitychange",
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.department",
                        verbose_name="department",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.membership",
                        verbose_name="owner",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tranches", to="seats.rolloutplan"
                    ),
                ),
                (
                    "released_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
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
            ],
            options={
                "verbose_name": "tranche",
                "verbose_name_plural": "tranches",
                "ordering": ["due_on", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["planned", "held", "buying"])),
                        fields=["next_look_at"],
                        name="tranche_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 1)), name="tranche_has_seats"),
                    models.CheckConstraint(condition=models.Q(("ceiling__gte", 0)), name="tranche_ceiling"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("gate_percent__isnull", True),
                            models.Q(("gate_percent__gte", 1), ("gate_percent__lte", 100)),
                            _connector="OR",
                        ),
                        name="tranche_gate",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["buying", "bought"]), _negated=True),
                            ("change__isnull", False),
                            _connector="OR",
                        ),
                        name="tranche_bought_by_change",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TrueUp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="tru")),
                ("first_day", models.DateField(verbose_name="quarter from")),
                ("last_day", models.DateField(verbose_name="quarter to")),
                ("time_zone", models.CharField(max_length=64, verbose_name="time zone")),
                ("idle_days", models.PositiveSmallIntegerField(verbose_name="idle after days")),
                ("removes_idle", models.BooleanField(verbose_name="idle seats leave")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("notice", "Announced"),
                            ("review", "Under review"),
                            ("confirmed", "Being settled"),
                            ("settled", "Settled"),
                            ("failed", "Payment failed"),
                            ("withdrawn", "No longer agreed"),
                        ],
                        default="notice",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("due_at", models.DateTimeField(verbose_name="counted on")),
                ("answer_by", models.DateTimeField(verbose_name="answer until")),
                ("notice_sent", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("counted_at", models.DateTimeField(blank=True, null=True, verbose_name="counted")),
                ("purchased", models.PositiveIntegerField(default=0, verbose_name="purchased")),
                ("peak", models.PositiveIntegerField(default=0, verbose_name="highest use over the limit")),
                ("target", models.PositiveIntegerField(default=0, verbose_name="to be purchased")),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("admin", "By an admin"),
                            ("default", "By default, as nobody answered"),
                            ("nothing", "There was nothing to decide"),
                        ],
                        max_length=8,
                        verbose_name="decided",
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided at")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts to charge")),
                ("next_try_at", models.DateTimeField(blank=True, null=True)),
                (
                    "renew_quantity",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="seats from the next period on"),
                ),
                ("decrease_id", models.CharField(blank=True, max_length=40)),
                ("error_code", models.CharField(blank=True, max_length=64, verbose_name="error")),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled")),
                ("evidence", models.JSONField(blank=True, editable=False, null=True)),
                ("seal", models.CharField(blank=True, max_length=64, verbose_name="seal")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.quantitychange",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "quote",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.quote",
                    ),
                ),
            ],
            options={
                "verbose_name": "true-up",
                "verbose_name_plural": "true-ups",
                "ordering": ["-first_day", "-id"],
                "indexes": [models.Index(fields=["state", "due_at"], name="true_up_due")],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "first_day"), name="true_up_once_per_quarter"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "settled"), _negated=True),
                            models.Q(("seal", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="true_up_settled_is_sealed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TrueUpPerson",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seated_at", models.DateTimeField(verbose_name="seat since")),
                ("last_active_on", models.DateField(blank=True, null=True, verbose_name="last active")),
                (
                    "choice",
                    models.CharField(
                        choices=[("release", "Release the seat"), ("keep", "Keep the seat")],
                        default="release",
                        max_length=8,
                        verbose_name="choice",
                    ),
                ),
                ("chosen_at", models.DateTimeField(blank=True, null=True, verbose_name="chosen")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("released", "Seat released"),
                            ("kept", "Seat kept"),
                            ("active", "Active again, seat kept"),
                            ("gone", "Held the seat no longer"),
                        ],
                        max_length=8,
                        verbose_name="outcome",
                    ),
                ),
                (
                    "chosen_by",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.membership"
                    ),
                ),
                (
                    "true_up",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="people", to="seats.trueup"
                    ),
                ),
            ],
            options={
                "verbose_name": "person counted idle",
                "verbose_name_plural": "people counted idle",
                "ordering": ["true_up", "id"],
                "constraints": [models.UniqueConstraint(fields=("true_up", "membership"), name="true_up_person_once")],
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
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "verbose_name": "use by an unknown person",
                "verbose_name_plural": "use by unknown people",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "person", "day", "feature", "outcome"), name="unknown_usage_once_per_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="imp")),
                ("file_name", models.CharField(max_length=200, verbose_name="file")),
                (
                    "format",
                    models.CharField(
                        choices=[("csv", "CSV"), ("ndjson", "NDJSON")], max_length=6, verbose_name="format"
                    ),
                ),
                ("size", models.PositiveIntegerField(verbose_name="bytes")),
                ("content", models.BinaryField(null=True)),
                ("began_at", models.DateTimeField(verbose_name="began")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "In progress"), ("done", "Done"), ("stopped", "Stopped")],
                        default="open",
                        max_length=7,
                        verbose_name="state",
                    ),
                ),
                ("lines", models.PositiveIntegerField(verbose_name="lines")),
                ("lines_done", models.PositiveIntegerField(default=0, verbose_name="lines read")),
                ("accepted", models.PositiveIntegerField(default=0, verbose_name="accepted")),
                ("duplicate", models.PositiveIntegerField(default=0, verbose_name="known already")),
                ("rejected", models.PositiveIntegerField(default=0, verbose_name="rejected")),
                ("rejections", models.JSONField(default=list, verbose_name="rejections")),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="failures in a row")),
                ("last_error", models.CharField(blank=True, max_length=200, verbose_name="last error")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by whom",
                    ),
                ),
            ],
            options={
                "verbose_name": "usage import",
                "verbose_name_plural": "usage imports",
                "ordering": ["-began_at", "-id"],
                "indexes": [
                    models.Index(fields=["account", "-began_at"], name="usage_import_by_account"),
                    models.Index(condition=models.Q(("state", "open")), fields=["id"], name="usage_import_open"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("lines_done__lte", models.F("lines"))), name="usage_import_within_its_lines"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "done"), _negated=True),
                            models.Q(("content__isnull", True), ("lines_done", models.F("lines"))),
                            _connector="OR",
                        ),
                        name="usage_import_done_is_read",
                    ),
                ],
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
                ("event_id", models.CharField(db_collation="C", max_length=64)),
                ("day", models.DateField(verbose_name="calendar day")),
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
            ],
            options={
                "verbose_name": "usage event id",
                "verbose_name_plural": "usage event ids",
            },
        ),
        migrations.CreateModel(
            name="ValueGoal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="gol")),
                ("name", models.CharField(max_length=120, verbose_name="what is measured")),
                ("unit", models.CharField(max_length=24, verbose_name="unit")),
                ("baseline", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="baseline")),
                ("target", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="target")),
                (
                    "source",
                    models.CharField(
                        choices=[("entered", "Entered by an admin"), ("counted", "Counted from usage")],
                        default="entered",
                        max_length=8,
                        verbose_name="source",
                    ),
                ),
                ("feature", models.CharField(blank=True, max_length=60, verbose_name="feature")),
                ("outcome", models.CharField(blank=True, max_length=40, verbose_name="outcome")),
                (
                    "value",
                    models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="value"),
                ),
                ("value_on", models.DateField(blank=True, null=True, verbose_name="value of")),
                ("people", models.PositiveIntegerField(blank=True, null=True, verbose_name="people behind the value")),
                ("met_on", models.DateField(blank=True, null=True, verbose_name="reached on")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.department",
                        verbose_name="department",
                    ),
                ),
            ],
            options={
                "verbose_name": "value goal",
                "verbose_name_plural": "value goals",
                "ordering": ["id"],
                "indexes": [
                    models.Index(condition=models.Q(("met_on__isnull", False)), fields=["account"], name="goal_met")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("target", models.F("baseline")), _negated=True), name="goal_has_a_way_to_go"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("source", "entered"), models.Q(("feature", ""), _negated=True), _connector="OR"
                        ),
                        name="goal_counted_has_feature",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GoalReading",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="day")),
                ("value", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="value")),
                ("people", models.PositiveIntegerField(blank=True, null=True, verbose_name="people")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "goal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="readings", to="seats.valuegoal"
                    ),
                ),
            ],
            options={
                "verbose_name": "value of a goal",
                "verbose_name_plural": "values of goals",
                "ordering": ["-day"],
                "constraints": [models.UniqueConstraint(fields=("goal", "day"), name="goal_reading_once_per_day")],
            },
        ),
        migrations.CreateModel(
            name="ValuePlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="vpl")),
                ("starts_on", models.DateField(verbose_name="starts on")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "value plan",
                "verbose_name_plural": "value plans",
                "ordering": ["-starts_on", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)), fields=("account",), name="value_plan_open_once"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="valuegoal",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="goals", to="seats.valueplan"
            ),
        ),
        migrations.CreateModel(
            name="ValueReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="vrp")),
                ("made_at", models.DateTimeField(verbose_name="made")),
                ("data", models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "plan",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="report", to="seats.valueplan"
                    ),
                ),
            ],
            options={
                "verbose_name": "value report",
                "verbose_name_plural": "value reports",
                "ordering": ["-made_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="WaitingPerson",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="wait")),
                ("since", models.DateTimeField(verbose_name="since")),
                ("served_at", models.DateTimeField(blank=True, null=True, verbose_name="served")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "invitation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.invitation",
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.membership",
                    ),
                ),
            ],
            options={
                "verbose_name": "waiting person",
                "verbose_name_plural": "waiting list",
                "ordering": ["since", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("served_at__isnull", True), ("withdrawn_at__isnull", True)),
                        fields=("account", "membership"),
                        name="waiting_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("served_at__isnull", True), ("withdrawn_at__isnull", True)),
                        fields=("account", "invitation"),
                        name="waiting_once_invited",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("membership__isnull", False), ("invitation__isnull", False), _connector="OR"
                        ),
                        name="waiting_is_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WeeklyDigest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("monday", models.DateField(verbose_name="Monday")),
                ("made_at", models.DateTimeField(verbose_name="made")),
                ("data", models.JSONField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
            ],
            options={
                "verbose_name": "weekly digest",
                "verbose_name_plural": "weekly digests",
                "ordering": ["-monday", "-id"],
                "constraints": [models.UniqueConstraint(fields=("account", "monday"), name="digest_once_per_week")],
            },
        ),
        migrations.CreateModel(
            name="AccountManager",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("leads", models.BooleanField(default=True, verbose_name="leads")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "account manager",
                "verbose_name_plural": "account team",
                "constraints": [
                    models.UniqueConstraint(fields=("account", "user"), name="manager_once_per_account"),
                    models.UniqueConstraint(
                        condition=models.Q(("leads", True)), fields=("account",), name="manager_one_leads"
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                condition=models.Q(("region_pool__isnull", False)), fields=["region_pool"], name="seat_by_region_pool"
            ),
        ),
        migrations.RunSQL(GUARDS),
    ]
