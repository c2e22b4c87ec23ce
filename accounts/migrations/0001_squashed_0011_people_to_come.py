import django.contrib.postgres.fields
import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import seatportal.kit.ids

REFUSE = """
CREATE FUNCTION accounts_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is only ever added to.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER accounts_audit_only_added_to BEFORE UPDATE OR DELETE ON accounts_auditentry
    FOR EACH ROW EXECUTE FUNCTION accounts_audit_refuse();
"""


class Migration(migrations.Migration):
    """The tables as they stand after 0011, and the trail that is only added to; see docs/adr/0060.

    The rest needs allauth's clients, which need our users first: hence a second step.
    """

    replaces = [
        ("accounts", "0001_initial"),
        ("accounts", "0002_audit_only_added_to"),
        ("accounts", "0003_notice"),
        ("accounts", "0004_external_id"),
        ("accounts", "0005_people_elsewhere"),
        ("accounts", "0006_key_rotation"),
        ("accounts", "0007_levels_and_managers"),
        ("accounts", "0008_activity_index"),
        ("accounts", "0009_directory"),
        ("accounts", "0010_webhooks"),
        ("accounts", "0011_people_to_come"),
    ]

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="acc")),
                ("slug", models.SlugField(max_length=60, unique=True, verbose_name="address")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "locale",
                    models.CharField(
                        choices=[("en", "English"), ("de", "German"), ("es", "Spanish")],
                        default="en",
                        max_length=8,
                        verbose_name="billing language",
                    ),
                ),
                ("time_zone", models.CharField(default="UTC", max_length=64, verbose_name="time zone")),
                ("industry", models.CharField(blank=True, max_length=60, verbose_name="industry")),
                ("use_case", models.CharField(blank=True, max_length=60, verbose_name="use case")),
                (
                    "owner_name",
                    models.CharField(
                        blank=True,
                        help_text="Who at the vendor looks after it.",
                        max_length=120,
                        verbose_name="account manager",
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
            ],
            options={
                "verbose_name": "account",
                "verbose_name_plural": "accounts",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="usr")),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="e-mail address")),
                ("name", models.CharField(blank=True, max_length=150, verbose_name="name")),
                (
                    "locale",
                    models.CharField(
                        choices=[("en", "English"), ("de", "German"), ("es", "Spanish")],
                        default="en",
                        max_length=8,
                        verbose_name="language",
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Empty: as the account.",
                        max_length=64,
                        verbose_name="time zone",
                    ),
                ),
                (
                    "theme",
                    models.CharField(
                        choices=[("auto", "As my device"), ("light", "Light"), ("dark", "Dark")],
                        default="auto",
                        max_length=8,
                        verbose_name="theme",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="may sign in")),
                ("is_staff", models.BooleanField(default=False, verbose_name="internal staff")),
                (
                    "date_joined",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="joined"),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "permissions": [("impersonate_user", "Can view as a customer")],
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.text.Lower("email"), name="user_email_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookStream",
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
                ("last", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Department",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="dep")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "external_id",
                    models.CharField(blank=True, default="", max_length=128, verbose_name="id at the directory"),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="departments", to="accounts.account"
                    ),
                ),
            ],
            options={
                "verbose_name": "department",
                "verbose_name_plural": "departments",
                "ordering": ["name"],
                "constraints": [models.UniqueConstraint(fields=("account", "name"), name="department_name_once")],
            },
        ),
        migrations.CreateModel(
            name="IdempotentAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("body", models.JSONField(blank=True, null=True)),
                ("locked_until", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
            ],
            options={
                "verbose_name": "idempotent answer",
                "verbose_name_plural": "idempotent answers",
                "constraints": [models.UniqueConstraint(fields=("account", "key"), name="idempotency_key_once")],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="mem")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("admin", "Admin"),
                            ("billing", "Billing"),
                            ("team_manager", "Team manager"),
                            ("member", "Member"),
                            ("viewer", "Viewer"),
                        ],
                        default="member",
                        max_length=16,
                        verbose_name="role",
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=80, verbose_name="title")),
                (
                    "employment",
                    models.CharField(
                        choices=[("employee", "Employee"), ("contractor", "Contractor")],
                        default="employee",
                        max_length=12,
                        verbose_name="employment",
                    ),
                ),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="contract ends")),
                ("joined_at", models.DateTimeField(verbose_name="joined")),
                ("left_at", models.DateTimeField(blank=True, null=True, verbose_name="left")),
                (
                    "last_active_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="The newest counted action; kept here so lists stay fast.",
                        null=True,
                        verbose_name="last active",
                    ),
                ),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="As your own systems and usage events name them.",
                        max_length=128,
                        verbose_name="id elsewhere",
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not said"),
                            ("executive", "Executive"),
                            ("manager", "Manager"),
                            ("individual", "Individual contributor"),
                        ],
                        db_default="",
                        default="",
                        max_length=10,
                        verbose_name="level",
                    ),
                ),
                (
                    "manager_email",
                    models.EmailField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="Of a manager who has not joined yet; they are linked when they do.",
                        max_length=254,
                        verbose_name="manager's address",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="accounts.account",
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="memberships",
                        to="accounts.department",
                    ),
                ),
                (
                    "manager",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="reports",
                        to="accounts.membership",
                        verbose_name="manager",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "member",
                "verbose_name_plural": "members",
                "indexes": [
                    models.Index(fields=["account", "last_active_at"], name="member_by_activity"),
                    models.Index(fields=["account", "joined_at"], name="member_by_joined"),
                    models.Index(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=["account", "external_id"],
                        name="member_by_external_id",
                    ),
                    models.Index(fields=["account", "id"], include=("last_active_at",), name="member_with_activity"),
                    models.Index(
                        condition=models.Q(("manager_email", ""), _negated=True),
                        fields=["account", "manager_email"],
                        name="member_awaits_manager",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("left_at__isnull", True)),
                        fields=("account", "user"),
                        name="member_once_per_account",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("left_at__isnull", True), models.Q(("external_id", ""), _negated=True)),
                        fields=("account", "external_id"),
                        name="member_external_id_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="key")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("prefix", models.CharField(max_length=20, unique=True, verbose_name="starts with")),
                ("secret_hash", models.CharField(max_length=64)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32), verbose_name="scopes"
                    ),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="ends")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                ("last_used_at", models.DateTimeField(blank=True, null=True, verbose_name="last used")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="api_keys", to="accounts.account"
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="replacement",
                        to="accounts.apikey",
                    ),
                ),
                (
                    "created_by",
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
                "verbose_name": "API key",
                "verbose_name_plural": "API keys",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="ntc")),
                ("kind", models.CharField(max_length=40, verbose_name="kind")),
                ("key", models.CharField(max_length=120)),
                ("context", models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ("next_try_at", models.DateTimeField(verbose_name="next try")),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="tries")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                ("given_up_at", models.DateTimeField(blank=True, null=True, verbose_name="given up")),
                ("last_error", models.CharField(blank=True, max_length=200, verbose_name="last error")),
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
                        verbose_name="to",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice",
                "verbose_name_plural": "notices",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("given_up_at__isnull", True), ("sent_at__isnull", True)),
                        fields=["next_try_at"],
                        name="notice_due",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("key", "user"), name="notice_once_per_person")],
            },
        ),
        migrations.CreateModel(
            name="Region",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="reg")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="regions", to="accounts.account"
                    ),
                ),
            ],
            options={
                "verbose_name": "region",
                "verbose_name_plural": "regions",
                "ordering": ["name"],
                "constraints": [models.UniqueConstraint(fields=("account", "name"), name="region_name_once")],
            },
        ),
        migrations.AddField(
            model_name="membership",
            name="region",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="memberships",
                to="accounts.region",
            ),
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="ivt")),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail address")),
                ("name", models.CharField(blank=True, max_length=150, verbose_name="name")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("admin", "Admin"),
                            ("billing", "Billing"),
                            ("team_manager", "Team manager"),
                            ("member", "Member"),
                            ("viewer", "Viewer"),
                        ],
                        default="member",
                        max_length=16,
                        verbose_name="role",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Invited"),
                            ("accepted", "Accepted"),
                            ("revoked", "Withdrawn"),
                            ("expired", "Expired"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "nonce",
                    models.CharField(
                        help_text="With the server's secret key it makes the link's token.", max_length=32
                    ),
                ),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("expires_at", models.DateTimeField(verbose_name="ends")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="mail sent")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                (
                    "employment",
                    models.CharField(
                        choices=[("employee", "Employee"), ("contractor", "Contractor")],
                        db_default="employee",
                        default="employee",
                        max_length=12,
                        verbose_name="employment",
                    ),
                ),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="contract ends")),
                (
                    "external_id",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=128, verbose_name="id elsewhere"
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not said"),
                            ("executive", "Executive"),
                            ("manager", "Manager"),
                            ("individual", "Individual contributor"),
                        ],
                        db_default="",
                        default="",
                        max_length=10,
                        verbose_name="level",
                    ),
                ),
                (
                    "manager_email",
                    models.EmailField(
                        blank=True, db_default="", default="", max_length=254, verbose_name="manager's address"
                    ),
                ),
                ("title", models.CharField(blank=True, db_default="", default="", max_length=80, verbose_name="title")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="accounts.account"
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
                    "accepted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.membership",
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.membership",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.region",
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation",
                "verbose_name_plural": "invitations",
                "ordering": ["-created_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("account", "email"),
                        name="invitation_open_once_per_address",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DirectoryPerson",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="per")),
                ("user_name", models.CharField(max_length=254, verbose_name="name at the directory")),
                ("external_id", models.CharField(blank=True, max_length=128, verbose_name="id at the directory")),
                ("given_name", models.CharField(blank=True, max_length=80, verbose_name="given name")),
                ("family_name", models.CharField(blank=True, max_length=80, verbose_name="family name")),
                ("full_name", models.CharField(blank=True, max_length=150, verbose_name="full name")),
                ("display_name", models.CharField(blank=True, max_length=150, verbose_name="name shown")),
                (
                    "emails",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Each with value, type and primary; key is the value in lower case.",
                        verbose_name="e-mail addresses",
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=80, verbose_name="title")),
                (
                    "active",
                    models.BooleanField(
                        default=True,
                        help_text="Unsaid counts as active.",
                        null=True,
                        verbose_name="active at the directory",
                    ),
                ),
                (
                    "made_sign_in",
                    models.BooleanField(
                        default=False,
                        help_text="Only then may the directory change its name and address.",
                        verbose_name="made the sign-in",
                    ),
                ),
                ("changed_at", models.DateTimeField(verbose_name="changed")),
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
                    "manager",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.directoryperson",
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
                    "region",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.region",
                    ),
                ),
            ],
            options={
                "verbose_name": "person at a directory",
                "verbose_name_plural": "people at a directory",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("account"),
                        django.db.models.functions.text.Upper("user_name"),
                        name="person_user_name_once",
                    ),
                    models.UniqueConstraint(fields=("account", "user"), name="person_sign_in_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("account", "external_id"),
                        name="person_external_id_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScimConnection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="scim")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("last_used_at", models.DateTimeField(blank=True, null=True, verbose_name="last used")),
                ("rotated_at", models.DateTimeField(blank=True, null=True, verbose_name="token changed")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scim_connections",
                        to="accounts.account",
                    ),
                ),
                (
                    "created_by",
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
                "verbose_name": "directory connection",
                "verbose_name_plural": "directory connections",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="aud")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                ("door", models.CharField(max_length=16, verbose_name="door")),
                ("action", models.CharField(max_length=48, verbose_name="action")),
                ("target", models.CharField(blank=True, max_length=40, verbose_name="what")),
                ("summary", models.CharField(blank=True, max_length=200, verbose_name="summary")),
                ("data", models.JSONField(blank=True, default=dict, verbose_name="details")),
                ("ip", models.GenericIPAddressField(blank=True, null=True, verbose_name="address")),
                ("request_id", models.CharField(blank=True, max_length=40)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "api_key",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.apikey",
                    ),
                ),
                (
                    "impersonator",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="staff member acting",
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
                        verbose_name="who",
                    ),
                ),
                (
                    "directory",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="accounts.scimconnection",
                    ),
                ),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit trail",
                "ordering": ["-at", "-id"],
                "indexes": [models.Index(fields=["account", "-at", "-id"], name="audit_by_account")],
            },
        ),
        migrations.CreateModel(
            name="ScimToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("prefix", models.CharField(max_length=24, unique=True, verbose_name="starts with")),
                ("secret_hash", models.CharField(max_length=64)),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="ends")),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tokens", to="accounts.scimconnection"
                    ),
                ),
            ],
            options={
                "verbose_name": "directory token",
                "verbose_name_plural": "directory tokens",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ends_at__isnull", True)),
                        fields=("connection",),
                        name="scim_token_current_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="whe")),
                ("url", models.CharField(max_length=500, verbose_name="address")),
                ("description", models.CharField(blank=True, max_length=80, verbose_name="description")),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, verbose_name="events"
                    ),
                ),
                ("nonce", models.CharField(max_length=32)),
                ("old_nonce", models.CharField(blank=True, max_length=32)),
                ("old_until", models.DateTimeField(blank=True, null=True, verbose_name="former secret works until")),
                ("failing_since", models.DateTimeField(blank=True, null=True, verbose_name="failing since")),
                ("disabled_at", models.DateTimeField(blank=True, null=True, verbose_name="off since")),
                (
                    "disabled_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("hand", "Switched off"),
                            ("failing", "Failed for days"),
                            ("gone", "It said that it is gone"),
                        ],
                        max_length=8,
                        verbose_name="off because",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook endpoint",
                "verbose_name_plural": "webhook endpoints",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("disabled_at__isnull", True), ("disabled_by", "")),
                            models.Q(("disabled_at__isnull", False), models.Q(("disabled_by", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="webhook_endpoint_off_has_a_reason",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="evt")),
                ("type", models.CharField(max_length=40, verbose_name="event")),
                ("at", models.DateTimeField(verbose_name="when")),
                (
                    "data",
                    models.JSONField(
                        default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name="data"
                    ),
                ),
                ("sequence", models.BigIntegerField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook event",
                "verbose_name_plural": "webhook events",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("sequence__isnull", True)),
                        fields=["account"],
                        name="webhook_event_not_numbered",
                    ),
                    models.Index(fields=["at"], name="webhook_event_by_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("sequence__gt", 0)),
                        fields=("account", "sequence"),
                        name="webhook_sequence_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("public_id", seatportal.kit.ids.PublicIdField(prefix="whd")),
                ("next_try_at", models.DateTimeField(verbose_name="next try")),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="tries")),
                ("tried_at", models.DateTimeField(blank=True, null=True, verbose_name="last try")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="delivered")),
                ("given_up_at", models.DateTimeField(blank=True, null=True, verbose_name="given up")),
                ("status", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="answer")),
                ("excerpt", models.CharField(blank=True, max_length=1000, verbose_name="beginning of the answer")),
                ("milliseconds", models.PositiveIntegerField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, max_length=200, verbose_name="last error")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="accounts.webhookendpoint",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="accounts.webhookevent",
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook delivery",
                "verbose_name_plural": "webhook deliveries",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("given_up_at__isnull", True), ("sent_at__isnull", True)),
                        fields=["next_try_at"],
                        name="webhook_delivery_due",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("endpoint", "event"), name="webhook_delivery_once")],
            },
        ),
        migrations.RunSQL(REFUSE),
    ]
