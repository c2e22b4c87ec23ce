"""Who is paused."""

from collections.abc import Sequence

from django.db.models import QuerySet

from accounts.models import Account, Membership
from seats.errors import PersonPaused
from seats.models import Pause


def pause_of(membership: Membership) -> Pause | None:
    """The pause in which a member is now."""
    return Pause.objects.filter(account=membership.account_id, membership=membership, ended_at__isnull=True).first()


def pauses_of(account: Account, members: Sequence[Membership]) -> QuerySet[Pause]:
    """The pauses in which some of them are now."""
    return Pause.objects.filter(account=account, membership__in=members, ended_at__isnull=True)


def check_not_paused(account: Account, members: Sequence[Membership]) -> None:
    """Raise PersonPaused where one of them is. Pauses begin under the pool's lock, which whoever seats them holds."""
    if members and pauses_of(account, members).exists():
        raise PersonPaused
