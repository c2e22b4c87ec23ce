"""What people say to a true-up: who keeps a seat, and yes to the price that was shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing.changes.buy_quote import accept_quote
from billing.mirror.queries import live_subscription, open_decrease, seat_item
from billing.quotes.queries import quote_of
from seats.errors import TrueUpChanged, TrueUpClosed
from seats.holders.queries import waiting_in
from seats.models import SeatPool, TrueUp, TrueUpPerson
from seats.true_up.agreed import floor_of
from seats.true_up.rules import renewal
from seats.true_up.settle_true_up import key_of, outcomes_of, settle_true_up
from seats.true_up.tell import reason_of

Choice = TrueUpPerson.Choice
DECIDABLE = (TrueUp.State.REVIEW, TrueUp.State.FAILED)


@dataclass(frozen=True)
class Effect:
    """What a confirmation does now, by the choices that are saved.

    charged: seats to be bought for the use over the limit. released: idle people who lose their seat.
    renew: seats of the next period; None where none are released. before: seats of the next period without this.
    """

    charged: int
    released: int
    renew: int | None
    before: int


def effect_of(run: TrueUp) -> Effect:
    """Work out the effect from today's state; nothing is written."""
    subscription = live_subscription(run.account)
    item = seat_item(subscription) if subscription is not None else None
    pool = SeatPool.objects.get(account=run.account)
    purchased = item.quantity if item is not None else pool.purchased
    target = max(run.target, purchased)
    released = list(outcomes_of(run, list(run.people.all())).values()).count(TrueUpPerson.Outcome.RELEASED)
    decrease = open_decrease(run.account)
    before = decrease.renew_quantity if decrease is not None else target
    renew = None
    if released and item is not None:
        renew = renewal(
            purchased=target,
            planned=decrease.renew_quantity if decrease is not None else None,
            released=released,
            # Who waits takes a seat that becomes free.
            assigned=pool.assigned - released + min(released, waiting_in(run.account).count()),
            floor=floor_of(run.account, item.price.plan, item.period_end),
        )
    return Effect(charged=target - purchased, released=released, renew=renew, before=before)


@transaction.atomic
def choose_for_idle(
    *, account: Account, true_up_id: str, choices: Mapping[str, str], actor: Actor, at: datetime
) -> TrueUp:
    """Keep or release, by member id; who is not named stays as before. Raises TrueUpClosed."""
    run = _locked(account, true_up_id)
    if run.state not in DECIDABLE:
        raise TrueUpClosed
    for person in run.people.select_related("membership"):
        choice = choices.get(person.membership.public_id, person.choice)
        if choice in Choice.values and choice != person.choice:
            person.choice, person.chosen_by, person.chosen_at = choice, actor.user, at
            person.save(update_fields=["choice", "chosen_by", "chosen_at"])
    return run


def confirm_true_up(
    *, account: Account, true_up_id: str, quote_id: str, renew: int | None, actor: Actor, at: datetime
) -> TrueUp:
    """Say yes to what was shown: the price of a quote where seats are charged, and the next period's number.

    A second click finds it decided. Raises TrueUpClosed, TrueUpChanged, QuoteUnknown, QuoteExpired, QuoteChanged, a
    GrowthRefused, ChangeInProgress; then nothing was charged and nobody lost a seat.
    """
    _accept(account=account, true_up_id=true_up_id, quote_id=quote_id, renew=renew, actor=actor, at=at)
    return settle_true_up(true_up_id=_find(account, true_up_id).pk, at=at)


@transaction.atomic
def _accept(*, account: Account, true_up_id: str, quote_id: str, renew: int | None, actor: Actor, at: datetime) -> None:
    run = _locked(account, true_up_id)
    if run.state not in DECIDABLE:
        raise TrueUpClosed
    effect = effect_of(run)
    if effect.renew != renew or bool(effect.charged) != bool(quote_id):
        raise TrueUpChanged
    run.change = None
    if effect.charged:
        quote = quote_of(account, quote_id)
        if quote.added != effect.charged or quote.consumed_at is not None:
            raise TrueUpChanged
        run.attempts += 1
        run.quote = quote
        run.change = accept_quote(quote=quote, actor=actor, at=at, reason=reason_of(run), true_up_key=key_of(run))
    run.state, run.decision = TrueUp.State.CONFIRMED, TrueUp.Decision.ADMIN
    run.decided_at, run.decided_by = at, actor.user
    run.next_try_at, run.error_code = None, ""
    run.save()
    record_audit(
        account=account,
        actor=actor,
        action="true_up.confirmed",
        target=run.public_id,
        summary=f"{run.first_day} – {run.last_day}",
        charged=effect.charged,
        released=effect.released,
        renew=effect.renew,
    )


@transaction.atomic
def decide_by_default(*, true_up_id: int, at: datetime) -> TrueUp:
    """Nobody answered in time: what was announced happens. Idle people leave unless an admin said to keep them."""
    run = TrueUp.objects.select_for_update(of=("self",)).select_related("account").get(pk=true_up_id)
    if run.state == TrueUp.State.REVIEW and at >= run.answer_by:
        run.state, run.decision, run.decided_at = TrueUp.State.CONFIRMED, TrueUp.Decision.DEFAULT, at
        run.save()
        record_audit(account=run.account, actor=Actor.system("task"), action="true_up.defaulted", target=run.public_id)
    return run


def _find(account: Account, true_up_id: str) -> TrueUp:
    return TrueUp.objects.get(account=account, public_id=true_up_id)


def _locked(account: Account, true_up_id: str) -> TrueUp:
    return (
        TrueUp.objects.select_for_update(of=("self",))
        .select_related("account")
        .get(account=account, public_id=true_up_id)
    )
