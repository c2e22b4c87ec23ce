"""Keys of the vendor's own tools: issued by a member of staff for themself, never with more than they may."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import KeyRefused
from accounts.keys.shown import new_key
from accounts.models import StaffKey, User
from seatportal.kit.tokens import same, token_hash, token_hashes

PURPOSE = "staff-key"
KEYS_BEGIN = ("spi_test_", "spi_live_")
PREFIX_LENGTH = len("spi_test_") + 8
# What a key can be given, with what it means.
PERMISSIONS: dict[str, str | Promise] = {
    "seats.view_signal": _("read signals and metrics of all accounts"),
    "seats.view_expansiontask": _("read the team's tasks"),
    "seats.change_expansiontask": _("take, put off and close tasks"),
}
LONGEST = timedelta(days=366)
_NOTE_EVERY = timedelta(minutes=1)


@transaction.atomic
def issue_staff_key(
    *, user: User, name: str, permissions: Collection[str], expires_at: datetime, actor: Actor, at: datetime
) -> tuple[StaffKey, str]:
    """Make a key; return it and its text, which nobody can read again.

    permissions: of PERMISSIONS, those that the person has. expires_at: UTC, a year from now at most; a person who
    leaves takes their keys along at once. Raises KeyRefused with the field.
    """
    if not name.strip():
        raise KeyRefused(_("Give the key a name that says which tool uses it."), field="name")
    if not permissions or not all(one in PERMISSIONS and may(user, one) for one in permissions):
        raise KeyRefused(_("Choose at least one thing that you may do yourself."), field="permissions")
    if not at < expires_at <= at + LONGEST:
        raise KeyRefused(_("Choose an end within a year from now."), field="expires_at")
    prefix, secret = new_key("spi")
    key = StaffKey.objects.create(
        user=user,
        name=name.strip(),
        prefix=prefix,
        secret_hash=token_hash(secret, purpose=PURPOSE),
        permissions=sorted(permissions),
        expires_at=expires_at,
    )
    record_audit(
        account=None,
        actor=actor,
        action="staff_key.issued",
        target=key.public_id,
        summary=key.name,
        prefix=prefix,
        permissions=key.permissions,
        expires_at=expires_at.isoformat(),
    )
    return key, secret


@transaction.atomic
def revoke_staff_key(*, key: StaffKey, actor: Actor, at: datetime) -> StaffKey:
    """End it at once; a second time changes nothing."""
    # Of two at once one wins, and the trail has one entry.
    if StaffKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=at):
        record_audit(
            account=None,
            actor=actor,
            action="staff_key.revoked",
            target=key.public_id,
            summary=key.name,
            prefix=key.prefix,
        )
    key.refresh_from_db()
    return key


def authenticate_staff_key(secret: str, at: datetime) -> StaffKey | None:
    """The living key of somebody who is still on the staff, or nothing. Its use is noted at most once a minute."""
    if not (secret.startswith(KEYS_BEGIN) and secret.isascii() and secret.isprintable()):
        return None
    key = (
        StaffKey.objects.select_related("user")
        .filter(
            prefix=secret[:PREFIX_LENGTH],
            expires_at__gt=at,
            revoked_at__isnull=True,
            user__is_active=True,
            user__is_staff=True,
        )
        .first()
    )
    if key is None or not any(same(key.secret_hash, made) for made in token_hashes(secret, purpose=PURPOSE)):
        return None
    if key.last_used_at is None or at - key.last_used_at >= _NOTE_EVERY:
        StaffKey.objects.filter(pk=key.pk).update(last_used_at=at)
    return key


def may(user: User, permission: str) -> bool:
    """Whether the person may that in Django admin."""
    return user.is_active and user.is_staff and user.has_perm(permission)
