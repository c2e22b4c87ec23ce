"""Who asks for a seat. Every query starts from an account."""

from django.db.models import QuerySet

from accounts.models import Account, Membership
from seats.models import SeatRequest


def open_requests(account: Account) -> QuerySet[SeatRequest]:
    """Requests without an answer, the oldest first."""
    return (
        SeatRequest.objects.filter(account=account, state=SeatRequest.State.OPEN, membership__left_at__isnull=True)
        .select_related("membership__user", "membership__department", "asked_by")
        .order_by("created_at", "pk")
    )


def answered_requests(account: Account) -> QuerySet[SeatRequest]:
    """Requests that were answered or withdrawn, the newest first."""
    return (
        SeatRequest.objects.filter(account=account)
        .exclude(state=SeatRequest.State.OPEN)
        .select_related("membership__user", "decided_by")
        .order_by("-created_at", "-pk")
    )


def latest_request_of(membership: Membership) -> SeatRequest | None:
    """The member's newest request, whatever became of it."""
    return (
        SeatRequest.objects.filter(account=membership.account_id, membership=membership)
        .select_related("decided_by")
        .order_by("-created_at", "-pk")
        .first()
    )


def requests_of(account: Account, *, state: str = "") -> QuerySet[SeatRequest]:
    """All requests, or those in one state."""
    found = SeatRequest.objects.filter(account=account).select_related("membership__user", "asked_by", "decided_by")
    return found.filter(state=state) if state else found
