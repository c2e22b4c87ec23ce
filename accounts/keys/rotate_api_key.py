"""A key's successor, with time to change over."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.access.actor import Actor
from accounts.errors import KeyGone
from accounts.keys.issue_api_key import issue_api_key
from accounts.keys.queries import working_keys_of
from accounts.models import Account, ApiKey, Membership

LONGEST_OVERLAP = timedelta(days=30)


@transaction.atomic
def rotate_api_key(
    *,
    account: Account,
    key: ApiKey,
    overlap: timedelta,
    expires_at: datetime | None,
    membership: Membership | None,
    actor: Actor,
    at: datetime,
) -> tuple[ApiKey, str]:
    """Issue a key of the same name and scopes; the old one works for `overlap` more (at once no more: zero).

    expires_at: the new key's end, None for none. Returns the new key and its text. Raises KeyGone, KeyRefused.
    """
    # Of two at once one wins; the other finds the successor.
    old = (
        working_keys_of(account, at).filter(pk=key.pk, replacement__isnull=True).select_for_update(of=("self",)).first()
    )
    if old is None or ApiKey.objects.filter(replaces=old).exists():
        raise KeyGone
    new, secret = issue_api_key(
        account=account,
        name=old.name,
        scopes=old.scopes,
        expires_at=expires_at,
        membership=membership,
        actor=actor,
        at=at,
        oauth=old.is_oauth_client,
        replaces=old,
    )
    end = at + min(max(overlap, timedelta(0)), LONGEST_OVERLAP)
    old.expires_at = min(end, old.expires_at) if old.expires_at else end
    old.save(update_fields=["expires_at"])
    return new, secret
