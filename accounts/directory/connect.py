"""Connect a directory, give it a new token, end it."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.directory.adopt import adopt_members
from accounts.directory.authenticate import PURPOSE
from accounts.errors import ConnectionEnded, KeyRefused
from accounts.models import Account, Membership, ScimConnection, ScimToken
from seatportal.kit.ids import ALPHABET
from seatportal.kit.tokens import new_token, token_hash

# After a change of token both work for a day, so that the directory never stands before a closed door.
OVERLAP = timedelta(days=1)


@transaction.atomic
def connect_directory(
    *, account: Account, name: str, membership: Membership, actor: Actor, at: datetime
) -> tuple[ScimConnection, str]:
    """Make a connection and its token, which nobody can read again; the members there are become known to it.

    Raises KeyRefused.
    """
    if not name.strip():
        raise KeyRefused(_("Give the connection the name of the directory."), field="name")
    connection = ScimConnection.objects.create(account=account, name=name.strip(), created_by=membership)
    secret = _issue(connection)
    adopt_members(account=account, at=at)
    _note(connection, "directory.connected", actor)
    return connection, secret


@transaction.atomic
def rotate_token(*, account: Account, connection: ScimConnection, actor: Actor, at: datetime) -> str:
    """Make a new token; the one before works for one more day. Raises ConnectionEnded."""
    locked = _lock(account, connection)
    locked.tokens.filter(ends_at__isnull=True).update(ends_at=at + OVERLAP)
    secret = _issue(locked)
    locked.rotated_at = at
    locked.save(update_fields=["rotated_at"])
    _note(locked, "directory.rotated", actor)
    return secret


@transaction.atomic
def revoke_connection(*, account: Account, connection: ScimConnection, actor: Actor, at: datetime) -> None:
    """End it at once, with all its tokens; people and seats stay as they are. Raises ConnectionEnded."""
    locked = _lock(account, connection)
    locked.revoked_at = at
    locked.save(update_fields=["revoked_at"])
    _note(locked, "directory.revoked", actor)


def _lock(account: Account, connection: ScimConnection) -> ScimConnection:
    row = (
        ScimConnection.objects.select_for_update()
        .filter(account=account, pk=connection.pk, revoked_at__isnull=True)
        .first()
    )
    if row is None:
        raise ConnectionEnded
    return row


def _issue(connection: ScimConnection) -> str:
    prefix = "sp_scim_" + "".join(secrets.choice(ALPHABET) for _ in range(8))
    secret = f"{prefix}_{new_token()}"
    ScimToken.objects.create(
        connection=connection, prefix=prefix, secret_hash=token_hash(secret, purpose=PURPOSE), ends_at=None
    )
    return secret


def _note(connection: ScimConnection, action: str, actor: Actor) -> None:
    record_audit(
        account=connection.account, actor=actor, action=action, target=connection.public_id, summary=connection.name
    )
