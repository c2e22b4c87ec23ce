import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import seatportal.kit.clock
import seatportal.kit.ids


class Migration(migrations.Migration):
    """The tables as they stand after 0025; see docs/adr/0060."""

    replaces = [
        ("billing", "0001_initial"),
        ("billing", "0002_terms_and_kinds_of_change"),
        ("billing", "0003_evidence_of_a_send"),
        ("billing", "0004_one_read_for_many_events"),
        ("billing", "0005_incidents_and_drift"),
        ("billing", "0006_idle_credits"),
        ("billing", "0007_terms_offers_and_plan_quotes"),
        ("billing", "0008_refund"),
        ("billing", "0009_where_a_reconciliation_is"),
        ("billing", "0010_dunning"),
        ("billing", "0011_ending"),
        ("billing", "0012_missed_reductions"),
        ("billing", "0013_true_up_quotes"),
        ("billing", "0014_trial_max"),
        ("billing", "0015_resumption"),
        ("billing", "0016_refunds_sent_back"),
        ("billing", "0017_reduction_keys"),
        ("billing", "0018_checkout_sessions"),
        ("billing", "0019_credit_notes_tried_again"),
        ("billing", "0020_what_a_purchase_commits"),
        ("billing", "0021_customer_fence_and_open_invoices"),
        ("billing", "0022_offer_begun_by_staff"),
        ("billing", "0023_buying_policy"),
        ("billing", "0024_vendor"),
        ("billing", "0025_quote_commits"),
    ]

    dependencies = [
        ("accounts", "0017_staff_keys"),
    ]

    operations = [
        migrations.CreateModel(
            name="EventCursor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("read_until", models.DateTimeField()),
            ],
            options={
                "verbose_name": "event cursor",
                "verbose_name_plural": "event cursors",
            },
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="plan")),
                ("stripe_id", models.CharField(max_length=64, unique=True)),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("description", models.CharField(blank=True, max_length=300, verbose_name="description")),
                ("minimum_seats", models.PositiveIntegerField(default=1, verbose_name="minimum seats")),
                (
                    "self_service_max",
                    models.PositiveIntegerField(
                        default=50,
                        help_text="Above it no price is guessed: people talk to the vendor.",
                        verbose_name="self-service up to",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="on sale")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                (
                    "trial_max",
                    models.PositiveIntegerField(
                        blank=True, help_text="Empty: as in self-service.", null=True, verbose_name="in a trial up to"
                    ),
                ),
            ],
            options={
                "verbose_name": "plan",
                "verbose_name_plural": "plans",
                "ordering": ["position", "name"],
            },
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="cus")),
                ("stripe_id", models.CharField(max_length=64, unique=True)),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="billing e-mail")),
                ("currency", models.CharField(blank=True, max_length=3, verbose_name="currency")),
                ("balance", models.BigIntegerField(default=0, verbose_name="balance")),
                ("livemode", models.BooleanField(default=False)),
                ("synced_at", models.DateTimeField(blank=True, null=True, verbose_name="read from Stripe")),
                ("fence", models.PositiveBigIntegerField(default=0)),
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
            ],
            options={
                "verbose_name": "customer",
                "verbose_name_plural": "customers",
            },
        ),
        migrations.CreateModel(
            name="PaymentMethod",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stripe_id", models.CharField(max_length=64)),
                ("kind", models.CharField(max_length=24, verbose_name="kind")),
                ("brand", models.CharField(blank=True, max_length=24, verbose_name="brand")),
                ("last4", models.CharField(blank=True, max_length=4, verbose_name="last digits")),
                ("exp_month", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("exp_year", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="payment_method",
                        to="billing.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "payment method",
                "verbose_name_plural": "payment methods",
            },
        ),
        migrations.CreateModel(
            name="Price",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="prc")),
                ("stripe_id", models.CharField(max_length=64, unique=True)),
                ("nickname", models.CharField(blank=True, max_length=120, verbose_name="name")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("interval", models.CharField(max_length=5, verbose_name="interval")),
                ("interval_count", models.PositiveSmallIntegerField(default=1)),
                (
                    "scheme",
                    models.CharField(
                        choices=[("flat", "per seat"), ("graduated", "graduated"), ("volume", "volume")],
                        max_length=10,
                        verbose_name="scheme",
                    ),
                ),
                ("unit_amount", models.BigIntegerField(blank=True, null=True, verbose_name="amount per seat")),
                ("active", models.BooleanField(default=True, verbose_name="on sale")),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="prices", to="billing.plan"
                    ),
                ),
            ],
            options={
                "verbose_name": "price",
                "verbose_name_plural": "prices",
                "ordering": ["plan", "currency", "interval", "id"],
            },
        ),
        migrations.CreateModel(
            name="Quote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="qte")),
                ("base_quantity", models.PositiveIntegerField(verbose_name="seats before")),
                ("target_quantity", models.PositiveIntegerField(verbose_name="seats after")),
                ("base_version", models.PositiveIntegerField()),
                ("item_stripe_id", models.CharField(max_length=64)),
                ("price_stripe_id", models.CharField(max_length=64)),
                ("proration_date", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("subtotal", models.BigIntegerField(verbose_name="subtotal")),
                ("tax", models.BigIntegerField(verbose_name="tax")),
                ("total", models.BigIntegerField(verbose_name="total")),
                ("starting_balance", models.BigIntegerField(verbose_name="balance before")),
                ("amount_due", models.BigIntegerField(verbose_name="due now")),
                ("lines", models.JSONField(default=list)),
                ("next_total", models.BigIntegerField(blank=True, null=True, verbose_name="next invoice")),
                ("next_at", models.DateTimeField(blank=True, null=True, verbose_name="next invoice on")),
                ("expires_at", models.DateTimeField(verbose_name="held until")),
                ("consumed_at", models.DateTimeField(blank=True, null=True, verbose_name="used")),
                ("discount", models.BigIntegerField(default=0, verbose_name="discount")),
                ("discount_ids", models.JSONField(default=list)),
                ("due_days", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="days until due")),
                (
                    "kind",
                    models.CharField(
                        choices=[("add", "Seats added"), ("plan", "Plan changed"), ("true_up", "Quarterly true-up")],
                        default="add",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("new_cycle", models.BooleanField(default=False)),
                ("target_price_stripe_id", models.CharField(blank=True, max_length=64)),
                ("waiting", models.JSONField(default=list)),
                ("commits", models.BigIntegerField(blank=True, null=True, verbose_name="a period, in a trial")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "user",
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
                "verbose_name": "quote",
                "verbose_name_plural": "quotes",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="QuantityChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="chg")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("confirmed", "Accepted"),
                            ("calling", "Being charged"),
                            ("unknown", "Being checked"),
                            ("awaiting_payment", "Waiting for payment"),
                            ("conflict", "Needs a person"),
                            ("applied", "Done"),
                            ("rejected", "Refused"),
                            ("abandoned", "Not paid"),
                            ("superseded", "Replaced"),
                            ("failed", "Failed"),
                        ],
                        default="confirmed",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("base_quantity", models.PositiveIntegerField(verbose_name="seats before")),
                ("target_quantity", models.PositiveIntegerField(verbose_name="seats after")),
                ("base_version", models.PositiveIntegerField()),
                ("item_stripe_id", models.CharField(max_length=64)),
                ("price_stripe_id", models.CharField(max_length=64)),
                ("currency", models.CharField(max_length=3)),
                ("quoted_total", models.BigIntegerField(verbose_name="quoted total")),
                ("quoted_due", models.BigIntegerField(verbose_name="quoted due")),
                ("charged_total", models.BigIntegerField(blank=True, null=True, verbose_name="charged total")),
                ("charged_due", models.BigIntegerField(blank=True, null=True, verbose_name="charged due")),
                ("params", models.JSONField()),
                ("params_sha256", models.CharField(max_length=64)),
                ("idempotency_key", models.CharField(max_length=80, unique=True)),
                (
                    "confirmed_at",
                    models.DateTimeField(default=seatportal.kit.clock.now, editable=False, verbose_name="accepted"),
                ),
                ("calls", models.PositiveSmallIntegerField(default=0)),
                ("reads", models.PositiveSmallIntegerField(default=0)),
                ("first_call_at", models.DateTimeField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("next_try_at", models.DateTimeField(blank=True, null=True)),
                ("in_doubt", models.BooleanField(default=False)),
                ("got_server_error", models.BooleanField(default=False)),
                ("payment_tries", models.PositiveSmallIntegerField(default=0)),
                ("invoice_stripe_id", models.CharField(blank=True, max_length=64)),
                ("payment_needs", models.CharField(blank=True, max_length=12)),
                ("pending_expires_at", models.DateTimeField(blank=True, null=True)),
                ("error_code", models.CharField(blank=True, max_length=64, verbose_name="error")),
                ("decline_code", models.CharField(blank=True, max_length=64, verbose_name="decline")),
                ("error_text", models.CharField(blank=True, max_length=300)),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("add", "Seats added"),
                            ("undo", "Purchase undone"),
                            ("plan", "Plan changed"),
                            ("true_up", "Quarterly true-up"),
                            ("reduce", "Missed reduction put right"),
                        ],
                        default="add",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("target_price_stripe_id", models.CharField(blank=True, max_length=64)),
                ("last_call_at", models.DateTimeField(blank=True, null=True)),
                ("sent_from", models.PositiveIntegerField(blank=True, null=True)),
                ("on_credit", models.BooleanField(default=False, verbose_name="on credit")),
                ("po_number", models.CharField(blank=True, max_length=60, verbose_name="purchase order number")),
                ("committed_from", models.PositiveIntegerField(blank=True, null=True)),
                ("committed_to", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "approval_id",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=40, verbose_name="approved request"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
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
                    "undoes",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="billing.quantitychange",
                    ),
                ),
                (
                    "user",
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
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="change",
                        to="billing.quote",
                    ),
                ),
            ],
            options={
                "verbose_name": "quantity change",
                "verbose_name_plural": "quantity changes",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["state", "next_try_at"], name="change_due")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("undoes__isnull", False),
                            (
                                "state__in",
                                ["confirmed", "calling", "unknown", "awaiting_payment", "conflict", "applied"],
                            ),
                        ),
                        fields=("undoes",),
                        name="change_undone_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField(verbose_name="started")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("after", models.CharField(blank=True, max_length=64)),
                ("checked", models.PositiveIntegerField(default=0, verbose_name="checked")),
                ("found", models.PositiveIntegerField(default=0, verbose_name="found")),
                ("repaired", models.PositiveIntegerField(default=0, verbose_name="repaired")),
                ("failed", models.PositiveIntegerField(default=0, verbose_name="failed")),
                ("errors", models.JSONField(blank=True, default=list, verbose_name="errors")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("subscriptions", "Subscriptions at Stripe"),
                            ("missing", "Ours that Stripe did not list"),
                            ("money", "Paid invoices and applied purchases"),
                            ("done", "Done"),
                        ],
                        default="subscriptions",
                        max_length=16,
                    ),
                ),
            ],
            options={
                "verbose_name": "reconciliation",
                "verbose_name_plural": "reconciliations",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=("finished_at",),
                        name="reconciliation_one_at_a_time",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StripeEvent",
            fields=[
                ("event_id", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=80, verbose_name="type")),
                ("object_id", models.CharField(blank=True, max_length=80)),
                ("subscription_stripe_id", models.CharField(blank=True, max_length=64)),
                ("customer_stripe_id", models.CharField(blank=True, max_length=64)),
                ("livemode", models.BooleanField(default=False)),
                ("stripe_created", models.DateTimeField()),
                ("request_idempotency_key", models.CharField(blank=True, max_length=255)),
                ("payload", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("done", "Done"),
                            ("dead", "Given up"),
                            ("refused", "Refused"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(auto_now_add=True)),
                ("last_error", models.CharField(blank=True, max_length=300, verbose_name="last error")),
                ("received_at", models.DateTimeField(auto_now_add=True, verbose_name="received")),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("api_version", models.CharField(blank=True, max_length=40, verbose_name="API version")),
            ],
            options={
                "verbose_name": "Stripe event",
                "verbose_name_plural": "Stripe events",
                "ordering": ["-received_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["next_try_at"], name="event_waiting"
                    ),
                    models.Index(fields=["subscription_stripe_id"], name="event_by_subscription"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="sub")),
                ("stripe_id", models.CharField(max_length=64, unique=True)),
                ("status", models.CharField(max_length=24, verbose_name="status")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "collection_method",
                    models.CharField(default="charge_automatically", max_length=24, verbose_name="collection"),
                ),
                ("billing_mode", models.CharField(default="flexible", max_length=12, verbose_name="billing mode")),
                ("cancel_at", models.DateTimeField(blank=True, null=True, verbose_name="ends on")),
                ("trial_end", models.DateTimeField(blank=True, null=True, verbose_name="trial ends")),
                ("paused", models.BooleanField(default=False, verbose_name="collection paused")),
                ("schedule_stripe_id", models.CharField(blank=True, max_length=64)),
                ("stamp", models.CharField(blank=True, max_length=40, verbose_name="last change's id")),
                ("pending_stamp", models.CharField(blank=True, max_length=40, verbose_name="waiting change's id")),
                ("pending_expires_at", models.DateTimeField(blank=True, null=True, verbose_name="waiting until")),
                (
                    "card_stripe_id",
                    models.CharField(
                        blank=True, help_text="Its own card; empty: the customer's is charged.", max_length=64
                    ),
                ),
                ("latest_invoice_stripe_id", models.CharField(blank=True, max_length=64)),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                ("version", models.PositiveIntegerField(default=0)),
                ("fence", models.PositiveBigIntegerField(default=0)),
                ("synced_at", models.DateTimeField(blank=True, null=True, verbose_name="read from Stripe")),
                (
                    "frozen",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("shape", "Price, currency, line or billing mode changed at Stripe"),
                            ("foreign_pending", "An update that is not ours waits for its payment"),
                        ],
                        max_length=24,
                        verbose_name="self-service stopped because",
                    ),
                ),
                ("frozen_at", models.DateTimeField(blank=True, null=True, verbose_name="stopped on")),
                (
                    "days_until_due",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="days until due"),
                ),
                ("listed_at", models.DateTimeField(blank=True, null=True, verbose_name="listed by Stripe")),
                ("pause_cause", models.CharField(blank=True, max_length=48, verbose_name="paused because")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="subscriptions", to="billing.customer"
                    ),
                ),
            ],
            options={
                "verbose_name": "subscription",
                "verbose_name_plural": "subscriptions",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ("canceled", "incomplete_expired")), _negated=True),
                        fields=("account",),
                        name="subscription_one_live_per_account",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ScheduledDecrease",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="dec")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("base_quantity", models.PositiveIntegerField(verbose_name="seats now")),
                ("renew_quantity", models.PositiveIntegerField(verbose_name="seats from then on")),
                ("effective_at", models.DateTimeField(verbose_name="from")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("placed", "At Stripe"),
                            ("missed", "Missed, being put right"),
                            ("done", "Done"),
                            ("withdrawn", "Withdrawn"),
                            ("failed", "Failed"),
                        ],
                        default="planned",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("schedule_stripe_id", models.CharField(blank=True, max_length=64)),
                ("next_try_at", models.DateTimeField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("missed_quantity", models.PositiveIntegerField(blank=True, null=True)),
                ("first_call_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "repair",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.quantitychange",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decreases", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "verbose_name": "planned reduction",
                "verbose_name_plural": "planned reductions",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["planned", "placed", "missed"])),
                        fields=("subscription",),
                        name="decrease_one_open_per_subscription",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Resumption",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="rsm")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("quoted_total", models.BigIntegerField(verbose_name="quoted")),
                ("quoted_due", models.BigIntegerField(verbose_name="quoted to pay")),
                ("charged_total", models.BigIntegerField(blank=True, null=True, verbose_name="charged")),
                ("params", models.JSONField()),
                ("idempotency_key", models.CharField(max_length=80, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("confirmed", "On its way"),
                            ("awaiting_payment", "Waits for its payment"),
                            ("done", "Resumed"),
                            ("abandoned", "Not paid"),
                            ("failed", "Not done"),
                        ],
                        default="confirmed",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("calls", models.PositiveSmallIntegerField(default=0)),
                ("reads", models.PositiveSmallIntegerField(default=0)),
                ("first_call_at", models.DateTimeField(blank=True, null=True)),
                ("got_server_error", models.BooleanField(default=False)),
                ("seen_invoice_stripe_id", models.CharField(blank=True, max_length=64)),
                ("invoice_stripe_id", models.CharField(blank=True, max_length=64, verbose_name="invoice")),
                ("payment_needs", models.CharField(blank=True, max_length=16)),
                ("decline_code", models.CharField(blank=True, max_length=64, verbose_name="declined because")),
                ("payment_tries", models.PositiveSmallIntegerField(default=0)),
                ("confirmed_at", models.DateTimeField(verbose_name="accepted")),
                ("next_try_at", models.DateTimeField(blank=True, null=True, verbose_name="next try")),
                ("error", models.CharField(blank=True, max_length=300, verbose_name="error")),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
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
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="resumptions",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "resumption",
                "verbose_name_plural": "resumptions",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["confirmed", "awaiting_payment"])),
                        fields=["next_try_at"],
                        name="resumption_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["confirmed", "awaiting_payment"])),
                        fields=("subscription",),
                        name="resumption_one_open_per_subscription",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="quote",
            name="subscription",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="quotes", to="billing.subscription"
            ),
        ),
        migrations.AddField(
            model_name="quantitychange",
            name="subscription",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="billing.subscription"
            ),
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="inv")),
                ("stripe_id", models.CharField(max_length=64, unique=True)),
                ("number", models.CharField(blank=True, max_length=40, verbose_name="number")),
                ("status", models.CharField(max_length=16, verbose_name="status")),
                ("billing_reason", models.CharField(blank=True, max_length=40, verbose_name="reason")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("subtotal", models.BigIntegerField(default=0, verbose_name="subtotal")),
                ("tax", models.BigIntegerField(default=0, verbose_name="tax")),
                ("total", models.BigIntegerField(default=0, verbose_name="total")),
                ("amount_due", models.BigIntegerField(default=0, verbose_name="due")),
                ("amount_paid", models.BigIntegerField(default=0, verbose_name="paid")),
                ("amount_remaining", models.BigIntegerField(default=0, verbose_name="remaining")),
                ("starting_balance", models.BigIntegerField(default=0, verbose_name="balance before")),
                ("ending_balance", models.BigIntegerField(default=0, verbose_name="balance after")),
                ("hosted_url", models.URLField(blank=True, max_length=500)),
                ("pdf_url", models.URLField(blank=True, max_length=500)),
                ("issued_at", models.DateTimeField(verbose_name="issued")),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="due on")),
                ("paid_at", models.DateTimeField(blank=True, null=True, verbose_name="paid on")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "invoice",
                "verbose_name_plural": "invoices",
                "ordering": ["-issued_at", "-id"],
                "indexes": [
                    models.Index(fields=["account", "-issued_at", "-id"], name="invoice_by_account"),
                    models.Index(
                        condition=models.Q(("status", "open")), fields=["account", "issued_at"], name="invoice_open"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="inc")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("charge_differs", "Charged is not what was quoted"),
                            ("money_without_grant", "Paid, but no seats were given"),
                            ("grant_without_money", "Seats were given, but not paid"),
                        ],
                        max_length=24,
                        verbose_name="what",
                    ),
                ),
                (
                    "gravity",
                    models.CharField(
                        choices=[("low", "Low"), ("high", "High")], default="high", max_length=4, verbose_name="gravity"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("acknowledged", "Somebody is on it"), ("resolved", "Resolved")],
                        default="open",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("invoice_stripe_id", models.CharField(blank=True, max_length=64, verbose_name="invoice")),
                ("currency", models.CharField(blank=True, max_length=3, verbose_name="currency")),
                ("quoted", models.BigIntegerField(blank=True, null=True, verbose_name="quoted")),
                ("charged", models.BigIntegerField(blank=True, null=True, verbose_name="charged")),
                ("difference", models.BigIntegerField(default=0, verbose_name="charged too much")),
                ("differences", models.JSONField(blank=True, default=list, verbose_name="both sides")),
                ("handled_at", models.DateTimeField(blank=True, null=True, verbose_name="handled")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "handled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="billing.quantitychange",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="incidents", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "verbose_name": "incident",
                "verbose_name_plural": "incidents",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "resolved"), _negated=True),
                        fields=["state"],
                        name="incident_unresolved",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("change__isnull", False)),
                        fields=("kind", "change"),
                        name="incident_once_per_change",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("change__isnull", True), models.Q(("invoice_stripe_id", ""), _negated=True)
                        ),
                        fields=("kind", "invoice_stripe_id"),
                        name="incident_once_per_invoice",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdleCredit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="idc")),
                ("period_start", models.DateTimeField(verbose_name="period from")),
                ("period_end", models.DateTimeField(verbose_name="period to")),
                ("counted_at", models.DateTimeField(verbose_name="counted")),
                ("first_day", models.DateField(verbose_name="idle from")),
                ("last_day", models.DateField(verbose_name="idle to")),
                ("quantity", models.PositiveIntegerField(verbose_name="purchased")),
                ("assigned", models.PositiveIntegerField(verbose_name="taken")),
                ("idle", models.PositiveIntegerField(verbose_name="idle")),
                ("credited", models.PositiveIntegerField(verbose_name="credited")),
                ("people", models.JSONField(default=list, verbose_name="people counted idle")),
                ("item_stripe_id", models.CharField(max_length=64)),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("full_amount", models.BigIntegerField(blank=True, null=True, verbose_name="for all seats")),
                ("reduced_amount", models.BigIntegerField(blank=True, null=True, verbose_name="for the seats in use")),
                ("amount", models.BigIntegerField(default=0, verbose_name="credit")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("counted", "Counted"),
                            ("priced", "Being credited"),
                            ("done", "On the next invoice"),
                            ("nothing", "Nothing to credit"),
                            ("failed", "Failed"),
                        ],
                        default="counted",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("params", models.JSONField(default=dict)),
                ("idempotency_key", models.CharField(max_length=80, unique=True)),
                ("first_call_at", models.DateTimeField(blank=True, null=True)),
                ("next_try_at", models.DateTimeField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("invoice_item_stripe_id", models.CharField(blank=True, max_length=64)),
                ("error_code", models.CharField(blank=True, max_length=64, verbose_name="error")),
                ("error_text", models.CharField(blank=True, max_length=300)),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="idle_credits",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "credit for idle seats",
                "verbose_name_plural": "credits for idle seats",
                "ordering": ["-period_end", "-id"],
                "indexes": [models.Index(fields=["state", "next_try_at"], name="idle_credit_due")],
                "constraints": [
                    models.UniqueConstraint(fields=("subscription", "period_end"), name="idle_credit_once_per_period"),
                    models.CheckConstraint(condition=models.Q(("amount__lte", 0)), name="idle_credit_is_a_credit"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Ending",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="end")),
                (
                    "kind",
                    models.CharField(
                        choices=[("cancel", "End with the period"), ("resume", "Go on")],
                        max_length=6,
                        verbose_name="kind",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("params", models.JSONField()),
                ("idempotency_key", models.CharField(max_length=80, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("confirmed", "On its way"), ("done", "Done"), ("failed", "Not done")],
                        default="confirmed",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("calls", models.PositiveSmallIntegerField(default=0)),
                ("confirmed_at", models.DateTimeField(verbose_name="accepted")),
                ("next_try_at", models.DateTimeField(blank=True, null=True, verbose_name="next try")),
                ("error", models.CharField(blank=True, max_length=300, verbose_name="error")),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
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
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="endings", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "verbose_name": "end of a subscription",
                "verbose_name_plural": "ends of subscriptions",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(condition=models.Q(("state", "confirmed")), fields=["next_try_at"], name="ending_due")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "confirmed")),
                        fields=("subscription",),
                        name="ending_one_open_per_subscription",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Drift",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="drf")),
                ("subject", models.CharField(max_length=80, verbose_name="about")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("quantity", "Quantity"),
                            ("standing", "Status, end, pause or schedule"),
                            ("shape", "Price, currency, line or billing mode"),
                            ("old_change", "A purchase is open for too long"),
                            ("foreign_pending", "An update that is not ours waits for its payment"),
                            ("money_without_grant", "Paid, but no seats were given"),
                            ("grant_without_money", "Seats were given, but not paid"),
                            ("ledger", "The ledger's sum"),
                            ("pool", "The pool's purchased number"),
                            ("counter", "The counter of seats taken"),
                            ("unknown", "Unknown subscription at Stripe"),
                            ("missing", "Our subscription is not at Stripe"),
                            ("livemode", "Live and test mode mixed"),
                        ],
                        max_length=24,
                        verbose_name="what",
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[("info", "Info"), ("warning", "Warning"), ("grave", "Grave")],
                        max_length=8,
                        verbose_name="severity",
                    ),
                ),
                ("ours", models.CharField(blank=True, max_length=300, verbose_name="ours")),
                ("theirs", models.CharField(blank=True, max_length=300, verbose_name="theirs")),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("ours", "Our own request"),
                            ("dashboard", "Stripe's dashboard"),
                            ("portal", "Customer portal"),
                            ("stripe", "Stripe itself"),
                            ("other_app", "Another program"),
                            ("unknown", "Not known"),
                        ],
                        default="unknown",
                        max_length=12,
                        verbose_name="cause",
                    ),
                ),
                ("webhook_lost", models.BooleanField(default=False, verbose_name="webhook lost")),
                ("event_id", models.CharField(blank=True, max_length=80, verbose_name="event")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("found", "Found"),
                            ("repaired", "Repaired"),
                            ("accepted", "Accepted"),
                            ("ignored", "Ignored"),
                        ],
                        default="found",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("first_seen", models.DateTimeField(verbose_name="first seen")),
                ("last_seen", models.DateTimeField(verbose_name="last seen")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "handled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drifts",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "drift",
                "verbose_name_plural": "drift",
                "ordering": ["-last_seen", "-id"],
                "indexes": [models.Index(fields=["subject"], name="drift_by_subject")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["found", "ignored"])),
                        fields=("kind", "subject"),
                        name="drift_found_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SubscriptionItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stripe_id", models.CharField(max_length=64, unique=True)),
                ("quantity", models.PositiveIntegerField(verbose_name="quantity")),
                ("period_start", models.DateTimeField(verbose_name="period from")),
                ("period_end", models.DateTimeField(verbose_name="period to")),
                (
                    "price",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.price"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="billing.subscription"
                    ),
                ),
            ],
            options={
                "verbose_name": "subscription item",
                "verbose_name_plural": "subscription items",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Terms",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("minimum_seats", models.PositiveIntegerField(blank=True, null=True, verbose_name="minimum seats")),
                (
                    "self_service_max",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="self-service up to"),
                ),
                ("committed_quantity", models.PositiveIntegerField(default=0, verbose_name="committed seats")),
                ("committed_until", models.DateTimeField(blank=True, null=True, verbose_name="committed until")),
                (
                    "inactive_policy",
                    models.CharField(
                        choices=[
                            ("all", "All seats are charged"),
                            ("active", "Idle seats are credited"),
                            ("hybrid", "All seats are charged, idle ones leave at the quarterly true-up"),
                        ],
                        default="all",
                        max_length=8,
                        verbose_name="idle seats",
                    ),
                ),
                ("idle_days", models.PositiveSmallIntegerField(default=30, verbose_name="idle after days")),
                ("credit_limit", models.BigIntegerField(blank=True, null=True, verbose_name="credit limit")),
                ("po_number", models.CharField(blank=True, max_length=60, verbose_name="purchase order number")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("valid_until", models.DateTimeField(blank=True, null=True, verbose_name="exceptions end")),
                ("true_up_from", models.DateField(blank=True, null=True, verbose_name="quarterly true-up from")),
                ("adds_commit", models.BooleanField(default=False, verbose_name="added seats are committed too")),
                (
                    "grace_until",
                    models.DateTimeField(
                        blank=True,
                        help_text="Until then an unpaid invoice stops nothing.",
                        null=True,
                        verbose_name="grace until",
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
                "verbose_name": "terms",
                "verbose_name_plural": "terms",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("committed_quantity", 0), ("committed_until__isnull", False), _connector="OR"
                        ),
                        name="terms_commitment_has_an_end",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Vendor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slot", models.PositiveSmallIntegerField(default=1, editable=False, unique=True)),
                ("name", models.CharField(max_length=120, verbose_name="legal name")),
                ("address", models.TextField(max_length=400, verbose_name="address")),
                ("tax_id", models.CharField(blank=True, max_length=60, verbose_name="tax number or VAT ID")),
                (
                    "register",
                    models.CharField(
                        blank=True, help_text="Court and number.", max_length=120, verbose_name="registration"
                    ),
                ),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail for orders")),
                ("bank", models.CharField(blank=True, max_length=120, verbose_name="bank")),
                ("iban", models.CharField(blank=True, max_length=60, verbose_name="account number (IBAN)")),
                ("bic", models.CharField(blank=True, max_length=20, verbose_name="bank code (BIC)")),
                ("tax_form_url", models.URLField(blank=True, verbose_name="tax form")),
                ("security_url", models.URLField(blank=True, verbose_name="security")),
                ("terms_url", models.URLField(blank=True, verbose_name="terms of service")),
                ("privacy_url", models.URLField(blank=True, verbose_name="privacy")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
            ],
            options={
                "verbose_name": "vendor data",
                "verbose_name_plural": "vendor data",
                "constraints": [models.CheckConstraint(condition=models.Q(("slot", 1)), name="vendor_once")],
            },
        ),
        migrations.CreateModel(
            name="ApprovalStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "people",
                    models.ManyToManyField(
                        blank=True, related_name="+", to="accounts.membership", verbose_name="people"
                    ),
                ),
            ],
            options={
                "verbose_name": "approval step",
                "verbose_name_plural": "approval steps",
                "ordering": ["account", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "position"), name="approval_step_once"),
                    models.CheckConstraint(condition=models.Q(("from_amount__gte", 0)), name="approval_step_from_zero"),
                ],
            },
        ),
        migrations.CreateModel(
            name="BuyingPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "seats",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="seats a month without approval"),
                ),
                (
                    "amount",
                    models.BigIntegerField(blank=True, null=True, verbose_name="amount a month without approval"),
                ),
                ("currency", models.CharField(blank=True, max_length=3, verbose_name="currency")),
                (
                    "joiners",
                    models.CharField(
                        choices=[
                            ("wait", "They wait, and a request for each stands under Requests"),
                            ("request", "They wait, and a purchase of the missing seats is sent for approval"),
                            (
                                "buy",
                                "The missing seats are bought within the allowance; above it they are sent for approval",
                            ),
                        ],
                        default="wait",
                        max_length=8,
                        verbose_name="joiners without a seat",
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
                "verbose_name": "buying policy",
                "verbose_name_plural": "buying policies",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__isnull", True),
                            models.Q(("amount__gte", 0), models.Q(("currency", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="allowance_amount_has_a_currency",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="crn")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("invoice_stripe_id", models.CharField(max_length=64, verbose_name="invoice")),
                ("amount", models.BigIntegerField(verbose_name="amount")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("params", models.JSONField()),
                ("idempotency_key", models.CharField(max_length=80, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("confirmed", "Accepted"), ("issued", "Issued"), ("refused", "Refused by Stripe")],
                        default="confirmed",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("calls", models.PositiveSmallIntegerField(default=0)),
                ("first_call_at", models.DateTimeField(blank=True, null=True)),
                ("next_try_at", models.DateTimeField(blank=True, null=True)),
                ("stripe_id", models.CharField(blank=True, max_length=64)),
                ("number", models.CharField(blank=True, max_length=40, verbose_name="number")),
                ("error", models.CharField(blank=True, max_length=300, verbose_name="error")),
                ("issued_at", models.DateTimeField(blank=True, null=True, verbose_name="issued")),
                ("asked_less", models.BigIntegerField(default=0, verbose_name="asked for less")),
                ("attempt", models.PositiveSmallIntegerField(default=1, verbose_name="attempt")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "incident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="credit_note", to="billing.incident"
                    ),
                ),
            ],
            options={
                "verbose_name": "credit note",
                "verbose_name_plural": "credit notes",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="credit_note_gives_something")
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stripe_id", models.CharField(max_length=80)),
                ("position", models.PositiveSmallIntegerField()),
                ("description", models.CharField(max_length=300, verbose_name="description")),
                ("amount", models.BigIntegerField(verbose_name="amount")),
                ("quantity", models.PositiveIntegerField(blank=True, null=True, verbose_name="quantity")),
                ("period_start", models.DateTimeField(verbose_name="from")),
                ("period_end", models.DateTimeField(verbose_name="to")),
                ("proration", models.BooleanField(default=False, verbose_name="proration")),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="billing.invoice"
                    ),
                ),
            ],
            options={
                "verbose_name": "invoice line",
                "verbose_name_plural": "invoice lines",
                "ordering": ["invoice", "position"],
                "constraints": [models.UniqueConstraint(fields=("invoice", "position"), name="line_position_once")],
            },
        ),
        migrations.CreateModel(
            name="OfferRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="ofr")),
                ("quantity", models.PositiveIntegerField(verbose_name="seats wanted in all")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                ("contact", models.EmailField(max_length=254, verbose_name="contact")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Waiting for an offer"),
                            ("offered", "Offer made"),
                            ("accepted", "Agreed"),
                            ("declined", "No offer possible"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        blank=True, help_text="The customer reads it.", max_length=500, verbose_name="answer"
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    "begun_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="begun by",
                    ),
                ),
                (
                    "user",
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
                "verbose_name": "request for an offer",
                "verbose_name_plural": "requests for an offer",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["open", "offered"])),
                        fields=("account",),
                        name="offer_request_one_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CheckoutSession",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="chk")),
                ("quantity", models.PositiveIntegerField(verbose_name="seats")),
                ("params", models.JSONField()),
                ("idempotency_key", models.CharField(max_length=80, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("confirmed", "Being opened"),
                            ("open", "Open"),
                            ("complete", "Paid"),
                            ("expired", "Closed"),
                            ("failed", "Not opened"),
                        ],
                        default="confirmed",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("stripe_id", models.CharField(blank=True, max_length=80)),
                ("url", models.TextField(blank=True)),
                ("opened_at", models.DateTimeField(verbose_name="opened")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "price",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.price"
                    ),
                ),
            ],
            options={
                "verbose_name": "checkout",
                "verbose_name_plural": "checkouts",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["confirmed", "open"])),
                        fields=("account",),
                        name="checkout_one_open_per_account",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceTier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("up_to", models.PositiveIntegerField(blank=True, null=True, verbose_name="up to")),
                ("unit_amount", models.BigIntegerField(default=0, verbose_name="amount per seat")),
                ("flat_amount", models.BigIntegerField(default=0, verbose_name="amount for the step")),
                (
                    "price",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tiers", to="billing.price"
                    ),
                ),
            ],
            options={
                "verbose_name": "tier",
                "verbose_name_plural": "tiers",
                "ordering": ["price", "position"],
                "constraints": [models.UniqueConstraint(fields=("price", "position"), name="tier_position_once")],
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="rfd")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("amount", models.BigIntegerField(blank=True, null=True, verbose_name="to the card")),
                ("balance_amount", models.BigIntegerField(blank=True, null=True, verbose_name="off the credit")),
                ("payment_stripe_id", models.CharField(blank=True, max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("due", "On its way"),
                            ("done", "Given back"),
                            ("refused", "Refused by Stripe"),
                            ("returned", "Sent back by the bank"),
                            ("left", "Left as credit"),
                        ],
                        default="due",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("refund_stripe_id", models.CharField(blank=True, max_length=64)),
                ("balance_stripe_id", models.CharField(blank=True, max_length=64)),
                ("calls", models.PositiveSmallIntegerField(default=0)),
                ("first_call_at", models.DateTimeField(blank=True, null=True)),
                ("next_try_at", models.DateTimeField(blank=True, null=True, verbose_name="next try")),
                ("error", models.CharField(blank=True, max_length=300, verbose_name="error")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done")),
                ("attempt", models.PositiveSmallIntegerField(default=1, verbose_name="attempt")),
                ("credit_stripe_id", models.CharField(blank=True, max_length=64)),
                ("failure_reason", models.CharField(blank=True, max_length=64, verbose_name="reason of the bank")),
                ("returned_at", models.DateTimeField(blank=True, null=True, verbose_name="sent back")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "change",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refund", to="billing.quantitychange"
                    ),
                ),
            ],
            options={
                "verbose_name": "refund",
                "verbose_name_plural": "refunds",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("due", "returned"))),
                        fields=["next_try_at"],
                        name="refund_moving",
                    ),
                    models.Index(
                        condition=models.Q(("refund_stripe_id", ""), _negated=True),
                        fields=["refund_stripe_id"],
                        name="refund_by_stripe_id",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__isnull", True),
                            models.Q(("amount__gte", 0), ("balance_amount__gte", 0)),
                            _connector="OR",
                        ),
                        name="refund_gives_back",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="quantitychange",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["confirmed", "calling", "unknown", "awaiting_payment", "conflict"])),
                fields=("subscription",),
                name="change_one_open_per_subscription",
            ),
        ),
    ]
