"""One purchase: where it stands, paying it again, stopping it."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe
from django_htmx.http import reswap, retarget

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from billing.changes.decline import decline_words
from billing.changes.pending import cancel_change, follow_payment, payment_link, retry_payment
from billing.changes.undo_change import undoable_until
from billing.errors import PaymentDeclined
from billing.mirror.queries import card_of, changes_of, invoices_of, seat_item, undo_of
from billing.models import QuantityChange, Refund
from billing.reconcile.incidents import incident_of
from billing.views.words import card_name
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seats.capacity.undo_purchase import undo_purchase
from seats.models import PlannedHolder
from seats.views.common import counts_for, page_link

PAGE = "seats/purchase.html"
State = QuantityChange.State

# Looks at the page's own state: often while somebody waits, then slower.
OFTEN, OFTEN_LOOKS, SELDOM_SECONDS = 2, 20, 10
# States that settle by themselves, so the page looks again.
MOVING = (State.CONFIRMED, State.CALLING, State.UNKNOWN, State.AWAITING_PAYMENT)


@requires("seats.buy")
@require_safe
def purchase(request: AccountRequest, change_id: str) -> HttpResponse:
    """Where a purchase stands. With `?was=unknown&look=3` it answers htmx with the next look, or what is new."""
    change = _find(request, change_id)
    if change.state == State.AWAITING_PAYMENT:
        change = follow_payment(change=change, at=now())
    context = _context(request, change)
    if not request.htmx:
        return render(request, PAGE, context)
    if request.GET.get("was") == _mark(change):
        return render(request, f"{PAGE}#look", context)
    return reswap(retarget(render(request, f"{PAGE}#state", context), "#purchase"), "outerHTML")


@requires("seats.buy")
def pay_again(request: AccountRequest, change_id: str) -> HttpResponse:
    """Try the waiting payment again with the card on file."""
    change = _find(request, change_id)
    if request.method != "POST":
        return redirect("seats:purchase", request.account.slug, change.public_id)
    try:
        retry_payment(account=request.account, change_id=change.public_id, actor=actor_of(request), at=now())
    except PaymentDeclined as error:
        context = {"declined_again": decline_words(error.data.get("decline_code", ""))}
        return render(request, PAGE, _context(request, _find(request, change_id)) | context, status=error.status)
    except PortalError as error:
        return _refused(request, change_id, error)
    return redirect("seats:purchase", request.account.slug, change.public_id)


@requires("seats.buy")
def stop(request: AccountRequest, change_id: str) -> HttpResponse:
    """Stop a purchase that is not paid."""
    change = _find(request, change_id)
    if request.method != "POST":
        return redirect("seats:purchase", request.account.slug, change.public_id)
    try:
        cancel_change(account=request.account, change_id=change.public_id, actor=actor_of(request), at=now())
    except PortalError as error:
        return _refused(request, change_id, error)
    return redirect("seats:purchase", request.account.slug, change.public_id)


@requires("seats.buy")
def undo(request: AccountRequest, change_id: str) -> HttpResponse:
    """Take a purchase back within its window."""
    change = _find(request, change_id)
    if request.method != "POST":
        return redirect("seats:purchase", request.account.slug, change.public_id)
    try:
        undo_purchase(account=request.account, change_id=change.public_id, actor=actor_of(request), at=now())
    except PortalError as error:
        return _refused(request, change_id, error)
    return redirect("seats:purchase", request.account.slug, change.public_id)


def _refused(request: AccountRequest, change_id: str, error: PortalError) -> HttpResponse:
    context = _context(request, _find(request, change_id)) | {"problem": str(error)}
    return render(request, PAGE, context, status=error.status)


def _find(request: AccountRequest, change_id: str) -> QuantityChange:
    return get_object_or_404(changes_of(request.account).select_related("subscription"), public_id=change_id)


def _mark(change: QuantityChange) -> str:
    """What the page shows, in one word: when it differs, there is news."""
    back = undo_of(change)
    return f"{change.state}{change.payment_needs}{change.decline_code}{back.state if back else ''}"


def _context(request: AccountRequest, change: QuantityChange) -> dict[str, Any]:
    looks = int(text) if (text := request.GET.get("look", "0")).isdecimal() and len(text) < 5 else 0
    people = list(
        PlannedHolder.objects.filter(account=request.account, quote_id=change.quote.public_id)
        .select_related("membership__user")
        .order_by("pk")
        if change.quote
        else []
    )
    card = card_of(request.account)
    back = undo_of(change)
    return {
        "undo": back,
        "undone": back is not None and back.state == State.APPLIED,
        "undoing": back is not None and back.is_open,
        "undo_until": undoable_until(change, at=now()),
        "refund": Refund.objects.filter(change=back).first() if back else None,
        "change": change,
        "mark": _mark(change),
        "moving": change.state in MOVING or (back is not None and back.state in MOVING),
        "looks": looks + 1,
        "delay": OFTEN if looks < OFTEN_LOOKS else SELDOM_SECONDS,
        "invoice": invoices_of(request.account).filter(stripe_id=change.invoice_stripe_id).first()
        if change.invoice_stripe_id
        else None,
        "incident": incident_of(request.account, change) if change.state == State.APPLIED else None,
        "card": card_name(card) if card else "",
        "new_card": card is not None and request.GET.get("card") == "changed",
        "purchase_url": page_link(request, "purchase", change.public_id),
        "link": payment_link(change),
        "why": decline_words(change.decline_code) if change.decline_code else "",
        "people": people,
        "seated": [p for p in people if p.served_at],
        "problems": [p for p in people if p.problem and not p.served_at],
        "item": seat_item(change.subscription),
        "counts": counts_for(request) if change.state == State.APPLIED else None,
        "again_url": _again_url(request, change, people),
    }


def _again_url(request: AccountRequest, change: QuantityChange, people: list[PlannedHolder]) -> str:
    """Add seats with the same number and people."""
    names = [p.membership.user.email if p.membership else p.email for p in people if not p.served_at]
    if change.kind == QuantityChange.Kind.PLAN:
        return page_link(request, "change_plan")
    query: dict[str, object] = {"add": change.added}
    if names:
        query["emails"] = "\n".join(names)
    return page_link(request, "add", **query)
