"""Give back what idle seats cost in a period: one negative invoice item, priced by Stripe, never twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.urls import reverse
from django.utils import translation
from django.utils.translation import ngettext

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.notices.send_notice import send_notice
from billing.changes.rules import KEY_LIFE, LOOK_AGAIN, backoff
from billing.gateway.contract import GatewayError, Refused
from billing.gateway.stripe_api import gateway
from billing.models import IdleCredit, Subscription, SubscriptionItem
from billing.quotes.recurring import recurring_price
from seatportal.kit.clock import noon_of, to_unix
from seatportal.kit.ids import public_id
from seatportal.templatetags.portal import day

log = structlog.get_logger(__name__)
State = IdleCredit.State

BATCH = 50


@dataclass(frozen=True)
class IdleCount:
    """Who was counted idle, in which days, and how many seats of the invoice that takes off."""

    first_day: date
    last_day: date
    quantity: int
    assigned: int
    credited: int
    people: Sequence[dict[str, str]]


@transaction.atomic
def open_idle_credit(
    *,
    subscription: Subscription,
    item: SubscriptionItem,
    period_start: datetime,
    period_end: datetime,
    count: IdleCount,
    at: datetime,
) -> IdleCredit:
    """Write down what was counted for one period; a second count of the same period finds the first one's row."""
    credit_id = public_id("idc")
    credit, _created = IdleCredit.objects.get_or_create(
        subscription=subscription,
        period_end=period_end,
        defaults={
            "public_id": credit_id,
            "account_id": subscription.account_id,
            "period_start": period_start,
            "counted_at": at,
            "first_day": count.first_day,
            "last_day": count.last_day,
            "quantity": count.quantity,
            "assigned": count.assigned,
            "idle": len(count.people),
            "credited": count.credited,
            "people": list(count.people),
            "item_stripe_id": item.stripe_id,
            "currency": subscription.currency,
            "state": State.COUNTED if count.credited else State.NOTHING,
            "settled_at": None if count.credited else at,
            "idempotency_key": f"idlecredit:{credit_id}",
        },
    )
    return credit


def finish_idle_credit(*, credit_id: int, at: datetime) -> IdleCredit:
    """Bring a credit as far as Stripe answers now. Never raises for what Stripe says or fails to say.

    Stripe is read before anything is sent, so a credit whose answer was lost is found and not made again.
    """
    credit = IdleCredit.objects.select_related("subscription__customer", "account").get(pk=credit_id)
    if credit.state not in IdleCredit.OPEN:
        return credit
    IdleCredit.objects.filter(pk=credit.pk).update(tries=F("tries") + 1, next_try_at=at + backoff(credit.tries + 1))
    try:
        if credit.state == State.COUNTED:
            _price(credit, at)
            credit.refresh_from_db()
        if credit.state == State.PRICED:
            _send(credit, at)
    except Refused as error:
        _end(credit, State.FAILED, at, error_code=error.code[:64] or "refused", error_text=str(error)[:300])
        log.error("idle_credit_refused", credit=credit.public_id, code=error.code)
    except GatewayError as error:
        log.warning("idle_credit_waits", credit=credit.public_id, error=type(error).__name__)
    credit.refresh_from_db()
    return credit


def finish_idle_credits(*, at: datetime) -> int:
    """Carry on what a crash or a silent Stripe left; returns how many were looked at."""
    due = IdleCredit.objects.filter(Q(next_try_at__isnull=True) | Q(next_try_at__lte=at), state__in=IdleCredit.OPEN)
    looked = 0
    for credit in due.order_by("pk")[:BATCH]:
        # Claim by a conditional update, so that two sweeps do not work on the same credit at once.
        if IdleCredit.objects.filter(pk=credit.pk, state=credit.state, next_try_at=credit.next_try_at).update(
            next_try_at=at + LOOK_AGAIN
        ):
            looked += 1
            try:
                finish_idle_credit(credit_id=credit.pk, at=at)
            except Exception:
                log.exception("idle_credit_not_finished", credit=credit.public_id)
    return looked


def retry_idle_credit(*, credit: IdleCredit, actor: Actor, at: datetime) -> IdleCredit:
    """Staff: try a failed credit again with a fresh key. Stripe is read first, so one that is there is found."""
    with transaction.atomic():
        renewed = IdleCredit.objects.filter(pk=credit.pk, state=State.FAILED).update(
            state=Case(When(params={}, then=Value(State.COUNTED)), default=Value(State.PRICED)),
            idempotency_key=f"idlecredit:{credit.public_id}:{credit.tries}",
            first_call_at=None,
            settled_at=None,
            error_code="",
            error_text="",
        )
        if renewed:
            record_audit(account=credit.account, actor=actor, action="idle_credit.again", target=credit.public_id)
    return finish_idle_credit(credit_id=credit.pk, at=at)


def _price(credit: IdleCredit, at: datetime) -> None:
    """Two previews of what a period costs; their difference is the credit. Stored with all that will be sent."""
    subscription = credit.subscription
    full = recurring_price(subscription=subscription, item_id=credit.item_stripe_id, quantity=credit.quantity)
    less = recurring_price(
        subscription=subscription, item_id=credit.item_stripe_id, quantity=credit.quantity - credit.credited
    )
    amount = min(less.net - full.net, 0)
    counted = IdleCredit.objects.filter(pk=credit.pk, state=State.COUNTED)
    if not amount:
        # By volume, fewer seats can cost as much or more: then nothing is given back, and nothing is charged.
        counted.update(
            state=State.NOTHING, full_amount=full.net, reduced_amount=less.net, settled_at=at, next_try_at=None
        )
        return
    counted.update(
        state=State.PRICED,
        full_amount=full.net,
        reduced_amount=less.net,
        amount=amount,
        currency=full.currency,
        params=item_params(credit, amount=amount, currency=full.currency),
    )


def item_params(credit: IdleCredit, *, amount: int, currency: str) -> dict[str, Any]:
    """Parameters of invoice_items.create. Taxes are Stripe's to add, as on any line; discounts are in the amount."""
    with translation.override(credit.account.locale):
        description = ngettext(
            "Credit for %(count)d idle seat, %(first)s to %(last)s",
            "Credit for %(count)d idle seats, %(first)s to %(last)s",
            credit.credited,
        ) % {"count": credit.credited, "first": day(credit.first_day), "last": day(credit.last_day)}
    return {
        "customer": credit.subscription.customer.stripe_id,
        "subscription": credit.subscription.stripe_id,
        "amount": amount,
        "currency": currency,
        "description": description,
        "discountable": False,
        "period": {"start": to_unix(credit.period_start), "end": to_unix(credit.period_end)},
        "metadata": {"idle_credit_id": credit.public_id},
    }


def _send(credit: IdleCredit, at: datetime) -> None:
    """Look for our item first; send it with the stored key only if Stripe has none and still knows the key."""
    found = next(
        (
            item
            for item in gateway().invoice_items_of(credit.subscription.customer.stripe_id)
            if item.metadata.get("idle_credit_id") == credit.public_id
        ),
        None,
    )
    if found is None:
        if credit.first_call_at is not None and at - credit.first_call_at >= KEY_LIFE:
            _end(credit, State.FAILED, at, error_code="not_executed")
            log.error("idle_credit_not_executed", credit=credit.public_id)
            return
        IdleCredit.objects.filter(pk=credit.pk, first_call_at__isnull=True).update(first_call_at=at)
        found = gateway().create_invoice_item(credit.params, key=credit.idempotency_key)
    _end(credit, State.DONE, at, invoice_item_stripe_id=found.id)


@transaction.atomic
def _end(credit: IdleCredit, state: str, at: datetime, **values: str) -> None:
    """Settle once, with its line in the trail and its mail."""
    if not IdleCredit.objects.filter(pk=credit.pk, state__in=IdleCredit.OPEN).update(
        state=state, settled_at=at, next_try_at=None, **values
    ):
        return
    record_audit(
        account=credit.account,
        actor=Actor.system("task"),
        action=f"idle_credit.{state}",
        target=credit.public_id,
        summary=f"{credit.credited}",
        amount=credit.amount,
        currency=credit.currency,
    )
    if state == State.DONE:
        send_notice(
            account=credit.account,
            kind="idle_credit",
            key=f"idle_credit:{credit.public_id}",
            context={
                "credited": credit.credited,
                "idle": credit.idle,
                "people": [person["name"] or person["email"] for person in credit.people],
                "first_at": noon_of(credit.first_day, credit.account.time_zone),
                "last_at": noon_of(credit.last_day, credit.account.time_zone),
                "amount": -credit.amount,
                "currency": credit.currency,
                "link": reverse("seats:idle_credit", args=[credit.account.slug, credit.public_id]),
            },
            at=at,
        )
