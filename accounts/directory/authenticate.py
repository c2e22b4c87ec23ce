"""A token's text to the connection it belongs to."""

from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import ScimConnection, ScimToken
from seatportal.kit.tokens import opens

PURPOSE = "scim"
PREFIX_LENGTH = len("sp_scim_") + 8
_NOTE_EVERY = timedelta(minutes=1)


def authenticate_directory(secret: str, at: datetime) -> ScimConnection | None:
    """The living connection that the text belongs to, or nothing. Its use is noted at most once a minute."""
    if not (secret.isascii() and secret.isprintable()):
        return None
    token = (
        ScimToken.objects.select_related("connection__account")
        .filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=at),
            prefix=secret[:PREFIX_LENGTH],
            connection__revoked_at__isnull=True,
            connection__account__closed_at__isnull=True,
        )
        .first()
    )
    if token is None or not opens(secret, token.secret_hash, purpose=PURPOSE):
        return None
    connection = token.connection
    if connection.last_used_at is None or at - connection.last_used_at >= _NOTE_EVERY:
        ScimConnection.objects.filter(pk=connection.pk).update(last_used_at=at)
    return connection
