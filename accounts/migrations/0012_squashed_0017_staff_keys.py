import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import seatportal.kit.ids


class Migration(migrations.Migration):
    """The second step: keys of programs that people let in, single sign-on, staff's keys; see docs/adr/0060."""

    replaces = [
        ("accounts", "0012_oauth_clients"),
        ("accounts", "0013_notice_opened"),
        ("accounts", "0014_single_sign_on"),
        ("accounts", "0015_region_details"),
        ("accounts", "0016_sign_in_faults"),
        ("accounts", "0017_staff_keys"),
    ]

    dependencies = [
        ("accounts", "0011_people_to_come"),
        ("allauth_idp_oidc", "0003_client_allow_uri_wildcards"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="oauth_client",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="key",
                to="allauth_idp_oidc.client",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="opened_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="opened"),
        ),
        migrations.CreateModel(
            name="SsoPolicy",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="sso",
                        serialize=False,
                        to="accounts.account",
                    ),
                ),
                ("enforced", models.BooleanField(default=False, verbose_name="single sign-on only")),
                (
                    "join",
                    models.CharField(
                        choices=[
                            ("never", "Nobody joins by signing in"),
                            ("approval", "An admin approves each person"),
                            ("member", "They join at once, without a seat"),
                            ("seat", "They join at once and get a seat, or wait for one"),
                        ],
                        default="approval",
                        max_length=8,
                        verbose_name="new people",
                    ),
                ),
            ],
            options={
                "verbose_name": "sign-in policy",
                "verbose_name_plural": "sign-in policies",
            },
        ),
        migrations.CreateModel(
            name="SsoConnection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="sso")),
                (
                    "kind",
                    models.CharField(
                        choices=[("oidc", "OpenID Connect"), ("saml", "SAML 2.0")],
                        max_length=4,
                        verbose_name="protocol",
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("issuer", models.CharField(blank=True, max_length=500, verbose_name="issuer")),
                ("client_id", models.CharField(blank=True, max_length=190, verbose_name="client id")),
                ("secret_sealed", models.TextField(blank=True)),
                ("metadata_url", models.CharField(blank=True, max_length=500, verbose_name="address of the metadata")),
                ("entity_id", models.CharField(blank=True, max_length=500, verbose_name="entity id")),
                ("sso_url", models.CharField(blank=True, max_length=500, verbose_name="sign-in address")),
                (
                    "certificates",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), blank=True, default=list, verbose_name="certificates"
                    ),
                ),
                ("tested_at", models.DateTimeField(blank=True, null=True, verbose_name="tested")),
                ("enabled_at", models.DateTimeField(blank=True, null=True, verbose_name="on since")),
                ("last_used_at", models.DateTimeField(blank=True, null=True, verbose_name="last used")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
            ],
            options={
                "verbose_name": "single sign-on connection",
                "verbose_name_plural": "single sign-on connections",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="JoinRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="joi")),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail address")),
                ("name", models.CharField(blank=True, max_length=150, verbose_name="name")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Waits"), ("approved", "Approved"), ("refused", "Refused")],
                        default="open",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="asked")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "decided_by",
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.membership",
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.ssoconnection",
                    ),
                ),
            ],
            options={
                "verbose_name": "request to join",
                "verbose_name_plural": "requests to join",
                "ordering": ["-asked_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="MailDomain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="dom")),
                ("name", models.CharField(max_length=253, verbose_name="domain")),
                ("token", models.CharField(max_length=64)),
                ("verified_at", models.DateTimeField(blank=True, null=True, verbose_name="verified")),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="last checked")),
                (
                    "finding",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not checked yet"),
                            ("found", "The record is there"),
                            ("missing", "There is no record of this name"),
                            ("wrong", "The record has another value"),
                            ("silent", "DNS did not answer"),
                            ("taken", "Another account has proved this domain"),
                        ],
                        default="",
                        max_length=8,
                        verbose_name="found",
                    ),
                ),
                ("lost_since", models.DateTimeField(blank=True, null=True, verbose_name="proof gone since")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "added_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.membership",
                    ),
                ),
            ],
            options={
                "verbose_name": "e-mail domain",
                "verbose_name_plural": "e-mail domains",
                "ordering": ["name", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "name"), name="domain_once_per_account"),
                    models.UniqueConstraint(
                        condition=models.Q(("verified_at__isnull", False)),
                        fields=("name",),
                        name="domain_verified_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", django.db.models.functions.text.Lower("name"))),
                        name="domain_in_lower_case",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="ssoconnection",
            constraint=models.CheckConstraint(
                condition=models.Q(("enabled_at__isnull", True), ("tested_at__isnull", False), _connector="OR"),
                name="sso_enabled_was_tested",
            ),
        ),
        migrations.AddConstraint(
            model_name="joinrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "approved"), _negated=True),
                fields=("account", "email"),
                name="join_asked_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="joinrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("state", "open")),
                    models.Q(models.Q(("state", "open"), _negated=True), ("decided_at__isnull", False)),
                    _connector="OR",
                ),
                name="join_decided_has_a_time",
            ),
        ),
        migrations.AddField(
            model_name="region",
            name="currency",
            field=models.CharField(blank=True, db_default="", default="", max_length=3, verbose_name="currency"),
        ),
        migrations.AddField(
            model_name="region",
            name="tax_entity",
            field=models.CharField(blank=True, db_default="", default="", max_length=120, verbose_name="tax entity"),
        ),
        migrations.AddField(
            model_name="region",
            name="residency",
            field=models.CharField(blank=True, db_default="", default="", max_length=40, verbose_name="data residency"),
        ),
        migrations.AddField(
            model_name="joinrequest",
            name="uid",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=190, verbose_name="id at the provider"
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="former_addresses",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.EmailField(max_length=254),
                blank=True,
                db_default=[],
                default=list,
                help_text="Of the account's domains, taken off the sign-in since: single sign-on goes on holding for them.",
                verbose_name="former addresses",
            ),
        ),
        migrations.AddField(
            model_name="ssoconnection",
            name="read_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="metadata last read"),
        ),
        migrations.CreateModel(
            name="StaffKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="sky")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("prefix", models.CharField(max_length=20, unique=True, verbose_name="starts with")),
                ("secret_hash", models.CharField(max_length=64)),
                (
                    "permissions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64), verbose_name="may"
                    ),
                ),
                ("expires_at", models.DateTimeField(verbose_name="ends")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                ("last_used_at", models.DateTimeField(blank=True, null=True, verbose_name="last used")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staff_keys",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
            ],
            options={
                "verbose_name": "staff key",
                "verbose_name_plural": "staff keys",
                "ordering": ["-created_at"],
            },
        ),
    ]
