"""End a key at once."""

from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, ApiKey


@transaction.atomic
def revoke_api_key(*, account: Account, key: ApiKey, actor: Actor, at: datetime) -> ApiKey:
    """Revoke it; a second time changes nothing."""
    # Of two at once one wins, and the trail has one entry.
    revoked = ApiKey.objects.filter(account=account, pk=key.pk, revoked_at__isnull=True).update(revoked_at=at)
    if revoked:
        record_audit(
            account=account,
            actor=actor,
            action="api_key.revoked",
            target=key.public_id,
            summary=key.name,
            prefix=key.prefix,
        )
    key.refresh_from_db()
    return key
