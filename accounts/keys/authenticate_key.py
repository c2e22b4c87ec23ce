"""A key's text to the key it belongs to."""

from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import ApiKey
from seatportal.kit.tokens import opens

PURPOSE = "api-key"
PREFIX_LENGTH = len("sp_test_") + 8
_NOTE_EVERY = timedelta(minutes=1)


def authenticate_key(secret: str, at: datetime) -> ApiKey | None:
    """The living key that the text belongs to, or nothing. Its use is noted at most once a minute."""
    if not (secret.isascii() and secret.isprintable()):
        return None
    key = (
        ApiKey.objects.select_related("account")
        .filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=at),
            prefix=secret[:PREFIX_LENGTH],
            revoked_at__isnull=True,
            account__closed_at__isnull=True,
        )
        .first()
    )
    if key is None or not opens(secret, key.secret_hash, purpose=PURPOSE):
        return None
    note_use(key=key.pk, last_used_at=key.last_used_at, at=at)
    return key


def note_use(*, key: int, last_used_at: datetime | None, at: datetime) -> None:
    """Keep when a key was used, at most once a minute."""
    if last_used_at is None or at - last_used_at >= _NOTE_EVERY:
        ApiKey.objects.filter(pk=key).update(last_used_at=at)
