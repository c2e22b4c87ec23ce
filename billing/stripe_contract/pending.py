"""Updates that wait for their payment: S3 to S7."""

from typing import Any

import stripe

from billing.quotes.params import update_params
from billing.stripe_contract.questions import Answer, holds, question
from billing.stripe_contract.shop import DAY, Seats, Shop, period_of, quantity_of

DECLINES = "pm_card_chargeCustomerFail"
ASKS = "pm_card_authenticationRequired"
STAMP = "seat_change_id"


def _with_card(shop: Shop, card: str) -> Seats:
    """Ten paid seats, and from now on another card."""
    customer = shop.customer()
    seats = shop.subscribe(customer, shop.price(), 10)
    shop.card(customer, card)
    return seats


def _ask_for(shop: Shop, seats: Seats, quantity: int, stamp: str, **more: Any) -> dict[str, Any]:
    """The portal's update, from the start of the period."""
    start = period_of(shop.read(seats))[0]
    params = update_params(change_id=stamp, item_id=seats.item, quantity=quantity, proration_date=start)
    return shop.update(seats, params | more)


@question(
    "S3",
    "Does an update with a card that declines or asks leave the old quantity and hold stamp and quantity together?",
    if_bad="The stamp would come from the request's key in the events instead of metadata.",
)
def held_until_paid(shop: Shop) -> Answer:
    seen, fits = [], True
    for name, card in (("declined", DECLINES), ("3-D Secure", ASKS)):
        seats = _with_card(shop, card)
        _ask_for(shop, seats, 12, "change-1")
        held = shop.read(seats)
        stamp = ((held["pending_update"] or {}).get("metadata") or {}).get(STAMP)
        invoice = held["latest_invoice"]
        fits &= (quantity_of(held), stamp, invoice["status"]) == (10, "change-1", "open")
        fits &= STAMP not in held["metadata"]
        shop.card(seats.customer, "pm_card_visa")
        shop.client.v1.invoices.pay(invoice["id"], {"off_session": False}, shop.key())
        paid = shop.read(seats)
        fits &= (quantity_of(paid), paid["metadata"].get(STAMP), paid["pending_update"]) == (12, "change-1", None)
        seen.append(f"{name}: held with stamp {stamp}, {invoice['status']}; paid: {quantity_of(paid)} seats")
    return holds(fits, "; ".join(seen))


@question(
    "S4",
    "Has the invoice of a held update a hosted page, and a confirmation secret?",
    if_bad="Without a hosted page customers could not finish 3-D Secure; the secret is optional.",
)
def ways_to_pay(shop: Shop) -> Answer:
    seats = _with_card(shop, ASKS)
    invoice = _ask_for(shop, seats, 12, "change-1", expand=["latest_invoice.confirmation_secret"])["latest_invoice"]
    secret = bool((invoice.get("confirmation_secret") or {}).get("client_secret"))
    page = bool(invoice["hosted_invoice_url"])
    return holds(page, f"hosted page: {'yes' if page else 'no'}; confirmation secret: {'yes' if secret else 'no'}")


@question(
    "S5",
    "Does a second update void the invoice of the first that waits?",
    if_bad="Nothing: the portal allows one open change for a subscription.",
)
def second_replaces_first(shop: Shop) -> Answer:
    seats = _with_card(shop, DECLINES)
    _ask_for(shop, seats, 12, "change-1")
    first = shop.read(seats)["latest_invoice"]["id"]
    _ask_for(shop, seats, 13, "change-2")
    after = shop.read(seats)
    stamp = after["pending_update"]["metadata"].get(STAMP)
    status = shop.invoice(first)["status"]
    return holds((status, stamp) == ("void", "change-2"), f"first invoice {status}, now waiting: {stamp}")


@question(
    "S6",
    "Does an unpaid update end after 23 hours with a void invoice and the old quantity?",
    if_bad="The sweep reads five minutes after the expiry whatever was sent, and decides by what it sees.",
)
def expiry(shop: Shop) -> Answer:
    seats = _with_card(shop, DECLINES)
    _ask_for(shop, seats, 12, "change-1")
    held = shop.read(seats)
    hours = (held["pending_update"]["expires_at"] - shop.now(seats.customer.clock)) / 3600
    shop.advance(seats.customer.clock, to=held["pending_update"]["expires_at"] + 600)
    after, invoice = shop.read(seats), shop.invoice(held["latest_invoice"]["id"])
    order = [
        kind
        for about in (seats.id, invoice["id"])
        for kind in shop.kinds_of_events(about)
        if kind in ("customer.subscription.pending_update_expired", "invoice.voided")
    ]
    seen = f"after {hours:.0f} h: {quantity_of(after)} seats, invoice {invoice['status']}; events {', '.join(order)}"
    return holds((quantity_of(after), after["pending_update"], invoice["status"]) == (10, None, "void"), seen)


@question(
    "S7",
    "What does such an update do with a schedule attached, while past due, and with an end date set?",
    if_bad="Nothing: the portal refuses to sell in all three, before it asks Stripe.",
)
def in_bad_company(shop: Shop) -> Answer:
    seen = []
    for name, prepare in (("schedule", _schedule), ("past due", _past_due), ("end date", _end_date)):
        seats = _with_card(shop, "pm_card_visa")
        prepare(shop, seats)
        try:
            _ask_for(shop, seats, 12, "change-1")
            after = shop.read(seats)
            held = " held" if after["pending_update"] else ""
            seen.append(f"{name}: {after['status']}, {quantity_of(after)} seats{held}")
        except stripe.InvalidRequestError as error:
            seen.append(f"{name}: refused ({error.code or 'no code'})")
    return holds(True, "; ".join(seen))


def _schedule(shop: Shop, seats: Seats) -> None:
    shop.client.v1.subscription_schedules.create({"from_subscription": seats.id}, shop.key())


def _past_due(shop: Shop, seats: Seats) -> None:
    """A renewal that could not be paid; it is a draft for an hour first."""
    shop.card(seats.customer, DECLINES)
    shop.advance(seats.customer.clock, to=period_of(shop.read(seats))[1] + DAY // 4)


def _end_date(shop: Shop, seats: Seats) -> None:
    shop.update(seats, {"cancel_at": period_of(shop.read(seats))[1]})
