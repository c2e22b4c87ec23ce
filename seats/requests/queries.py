"""Who asks for a seat. Every query starts from an account."""

from django.db.models import QuerySet

from accounts.models import Account, Membership
from seats.models import SeatRequest
from seats.requests.steps import approvers_of, steps_of, turn_of


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
    """The member's newest request for a seat, whatever became of it."""
    return (
        SeatRequest.objects.filter(account=membership.account_id, membership=membership, kind=SeatRequest.Kind.SEAT)
        .select_related("decided_by")
        .order_by("-created_at", "-pk")
        .first()
    )


def shown_purchase(account: Account, public_id: str) -> SeatRequest | None:
    """One request for a purchase with all that its page shows."""
    return (
        SeatRequest.objects.filter(account=account, kind=SeatRequest.Kind.PURCHASE, public_id=public_id)
        .select_related("account", "membership__user", "department", "asked_by", "decided_by", "change")
        .first()
    )


def open_wishes(account: Account) -> QuerySet[SeatRequest]:
    """Those of them that a free seat answers; purchases are approved step by step."""
    return open_requests(account).filter(kind=SeatRequest.Kind.SEAT)


def purchases_to_decide(membership: Membership) -> list[SeatRequest]:
    """Open purchases that wait for this member's word, the oldest first."""
    found = SeatRequest.objects.filter(
        account=membership.account_id, kind=SeatRequest.Kind.PURCHASE, state=SeatRequest.State.OPEN
    ).select_related("account", "membership__user")
    return [one for one in found.order_by("pk") if is_turn_of(one, membership)]


def purchases_with(membership: Membership) -> list[SeatRequest]:
    """Open purchases that this member asked for or has to decide now, the oldest first."""
    found = SeatRequest.objects.filter(
        account=membership.account_id,
        kind=SeatRequest.Kind.PURCHASE,
        state__in=(SeatRequest.State.OPEN, SeatRequest.State.BUYING),
    ).select_related("account", "membership__user", "department")
    return [one for one in found.order_by("pk") if one.asked_by_id == membership.user_id or is_turn_of(one, membership)]


def is_turn_of(request: SeatRequest, membership: Membership) -> bool:
    """Whether this member's word is waited for."""
    turn = turn_of(request) if request.state == SeatRequest.State.OPEN else None
    return turn is not None and membership.pk in {one.pk for one in approvers_of(request, turn)}


def waits_for(request: SeatRequest, membership: Membership) -> list[str]:
    """Names of the others whose word an open purchase waits for; none where it is this member's turn, or a seat's."""
    turn = turn_of(request) if request.is_purchase else None
    approvers = approvers_of(request, turn) if turn is not None else []
    return [] if membership in approvers else [one.user.get_full_name() for one in approvers]


def may_see(request: SeatRequest, membership: Membership) -> bool:
    """Who asked, and whoever decides or decided one of its steps."""
    if request.asked_by_id == membership.user_id:
        return True
    steps = steps_of(request)
    return any(
        step.decided_by_id == membership.user_id or membership.pk in {one.pk for one in approvers_of(request, step)}
        for step in steps
    )


def requests_of(account: Account, *, state: str = "") -> QuerySet[SeatRequest]:
    """All requests, or those in one state."""
    found = SeatRequest.objects.filter(account=account).select_related(
        "account", "membership__user", "asked_by", "decided_by", "department", "change"
    )
    return found.filter(state=state) if state else found
