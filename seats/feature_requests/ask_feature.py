"""A member asks for a feature."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Membership
from seats.errors import FeatureUnsaid, TooManyWishes
from seats.models import FeatureRequest

# Enough for a workshop, too few to bury the others.
MOST_A_DAY = 20


@transaction.atomic
def ask_feature(
    *, account: Account, membership: Membership, what: str, why: str, tag: str, actor: Actor, at: datetime
) -> FeatureRequest:
    """Keep the wish; the next sweep tells the account team where it is a sign of growth.

    Raises FeatureUnsaid (an empty what or why, with the field), TooManyWishes (20 in 24 hours by one person).
    """
    for field, text in (("what", what), ("why", why)):
        if not text.strip():
            raise FeatureUnsaid(field=field)
    # Two at once by the same person are counted one after the other.
    Membership.objects.select_for_update(no_key=True).get(account=account, pk=membership.pk)
    lately = FeatureRequest.objects.filter(account=account, asked_by=membership, created_at__gt=at - timedelta(days=1))
    if lately.count() >= MOST_A_DAY:
        raise TooManyWishes
    asked = FeatureRequest.objects.create(
        account=account, asked_by=membership, what=what.strip()[:120], why=why.strip()[:1000], tag=tag
    )
    record_audit(
        account=account, actor=actor, action="feature.asked", target=asked.public_id, summary=asked.what, tag=tag
    )
    return asked
