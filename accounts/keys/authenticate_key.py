"""A key's text, or an OAuth client's token, to the key that it belongs to."""

from datetime import datetime, timedelta

from allauth.idp.oidc.models import Token
from django.db.models import F, Q

from accounts.keys.shown import shown
from accounts.models import ApiKey

NOTE_EVERY = timedelta(minutes=1)


def authenticate_key(secret: str, at: datetime) -> ApiKey | None:
    """The living key that the text belongs to, or nothing. Its use is noted at most once a minute.

    For a token: the key of its OAuth client, with the scopes that the token was given for; not to be saved.
    """
    asked = shown(secret, at)
    if asked is None:
        return None
    living = ApiKey.objects.select_related("account").filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=at), revoked_at__isnull=True, account__closed_at__isnull=True
    )
    if asked.kind == "key":
        key = living.filter(prefix=asked.values["prefix"]).first()
        if key is None or not asked.opens(key.secret_hash):
            return None
    else:
        token = {"type": Token.Type.ACCESS_TOKEN, "hash__in": asked.hashes, "expires_at__gt": at}
        key = (
            living.filter(**{f"oauth_client__token__{name}": value for name, value in token.items()})
            .annotate(granted=F("oauth_client__token__scopes"))
            .first()
        )
        if key is None:
            return None
        key.scopes = key.granted.split("\n")
    note_use(key=key.pk, last_used_at=key.last_used_at, at=at)
    return key


def note_use(*, key: int, last_used_at: datetime | None, at: datetime) -> datetime:
    """Keep when a key was used, at most once a minute; returns what is kept now."""
    if last_used_at is not None and at - last_used_at < NOTE_EVERY:
        return last_used_at
    ApiKey.objects.filter(pk=key).update(last_used_at=at)
    return at
