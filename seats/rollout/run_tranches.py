"""Turn due tranches into purchases, or hold them. Each step may be repeated, by several workers at once.

The purchase is an ordinary one: accepted together with the tranche's own state in one transaction, then carried through
by billing. So a tranche has one open change at most, whoever dies.
"""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.access.roles import capabilities_of
from accounts.audit.record_audit import record_audit
from accounts.members.queries import members_of
from accounts.models import Account
from billing.changes.buy_quote import accept_quote
from billing.changes.finish_change import finish_change
from billing.errors import ChangeInProgress, ProviderUnavailable, QuoteChanged, QuoteUnavailable, RenewalSoon
from billing.models import QuantityChange, Quote
from billing.quotes.quote_quantity import quote_quantity
from seatportal.kit.clock import start_of_day
from seatportal.kit.errors import PortalError
from seats.errors import RolloutRefused, TrancheClosed, TrancheNotHeld
from seats.insight.activity import today_in
from seats.insight.bands import utilization_of
from seats.models import Tranche
from seats.rollout.ask_approval import drop_request
from seats.rollout.plans import close
from seats.rollout.rules import LOOK_AGAIN, TRY_FOR, gate_met
from seats.rollout.tell import emit, reason_of, tell_bought, tell_held
from seats.rollout.tranches import lock_row, lock_tranche

log = structlog.get_logger(__name__)
State = Tranche.State

BATCH = 200
BUYS = "seats.buy"
# What holds a tranche besides the codes of a refused purchase.
GATE, CEILING, NO_BUYER = "adoption_low", "price_above_ceiling", "buyer_gone"
# What only time cures: look again, and nothing has failed.
LATER = (RenewalSoon, ChangeInProgress, QuoteUnavailable, QuoteChanged, ProviderUnavailable)
NOT_CHARGED = frozenset({"provider_unavailable", "too_many_changes", "quote_changed", "not_executed"})


def run_due_tranches(*, at: datetime) -> int:
    """Look at every tranche that is due; returns how many. One that fails stops no other."""
    looked = 0
    live = (State.PLANNED, State.HELD, State.BUYING)
    due = Tranche.objects.filter(state__in=live, next_look_at__lte=at, account__closed_at__isnull=True)
    for pk in list(due.order_by("next_look_at", "pk").values_list("pk", flat=True)[:BATCH]):
        looked += 1
        try:
            carry_tranche(tranche_id=pk, at=at)
        except Exception:
            log.exception("tranche_not_carried", tranche=pk)
            # So that one that always fails does not stand before the others for ever.
            Tranche.objects.filter(pk=pk, next_look_at__lte=at).update(next_look_at=at + timedelta(hours=1))
    return looked


def carry_tranche(*, tranche_id: int, at: datetime, by: Actor | None = None) -> Tranche:
    """Bring one tranche as far as it goes now.

    by: somebody who is present and asked for it, so that a bank's question can be answered; else it is bought in the
    name of who agreed to its amount. Raises one of LATER to somebody who is present; to nobody else what Stripe says
    or fails to say.
    """
    tranche = _read(tranche_id)
    if tranche.state == State.BUYING:
        return _follow(tranche, at)
    if not tranche.is_open:
        return tranche
    account, today = tranche.account, today_in(tranche.account, at)
    if today < tranche.due_on:
        Tranche.objects.filter(pk=tranche.pk).update(next_look_at=start_of_day(tranche.due_on, account.time_zone))
        return _read(tranche_id)
    if tranche.released_at is None and not gate_met(utilization_of(account, at), tranche.gate_percent):
        return _hold(tranche, GATE, at, again_at=start_of_day(today + timedelta(days=1), account.time_zone))
    buyer = by or Actor(user=tranche.agreed_by, api_key=tranche.agreed_key, door="task")
    if by is None and not _may_still_buy(account, tranche, at):
        return _hold(tranche, NO_BUYER, at)
    try:
        quote = quote_quantity(account=account, actor=buyer, add=tranche.quantity, at=at, present=by is not None)
        if quote.amount_due > tranche.ceiling or quote.currency != tranche.currency:
            return _hold(tranche, CEILING, at, asked=quote.amount_due)
        accepted = _accept(tranche, quote, buyer, at, present=by is not None)
    except LATER as error:
        if by is not None:
            raise
        return _put_off(tranche, error.code, at)
    except PortalError as error:
        return _hold(tranche, error.code, at)
    return _follow(_read(tranche_id), at) if accepted else _read(tranche_id)


def release_tranche(*, account: Account, tranche_id: str, reason: str, actor: Actor, at: datetime) -> Tranche:
    """Let a tranche go although too few seats are active, and buy it now if it is due.

    Raises Tranche.DoesNotExist, TrancheClosed, TrancheNotHeld, RolloutRefused without a reason.
    """
    if not reason.strip():
        raise RolloutRefused(_("Say why it is released anyway."), field="reason")
    with transaction.atomic():
        tranche = lock_tranche(account, tranche_id)
        if not tranche.is_open:
            raise TrancheClosed
        if tranche.state != State.HELD or tranche.held_code != GATE:
            raise TrancheNotHeld
        tranche.released_at, tranche.released_by, tranche.released_reason = at, actor.user, reason.strip()[:200]
        tranche.state, tranche.held_code, tranche.held_at, tranche.next_look_at = State.PLANNED, "", None, at
        tranche.save()
        record_audit(
            account=account,
            actor=actor,
            action="tranche.released",
            target=tranche.public_id,
            summary=tranche.released_reason,
            gate_percent=tranche.gate_percent,
        )
    return carry_tranche(tranche_id=tranche.pk, at=at, by=actor)


def retry_tranche(*, account: Account, tranche_id: str, actor: Actor, at: datetime) -> Tranche:
    """Try a held tranche again now, within the amount that was agreed to.

    Raises Tranche.DoesNotExist, TrancheClosed, TrancheNotHeld.
    """
    tranche = Tranche.objects.get(account=account, public_id=tranche_id)
    if tranche.state in (State.CANCELLED, State.BOUGHT):
        raise TrancheClosed
    if tranche.state == State.PLANNED:
        raise TrancheNotHeld
    return carry_tranche(tranche_id=tranche.pk, at=at, by=actor)


def _may_still_buy(account: Account, tranche: Tranche, at: datetime) -> bool:
    """Whether who agreed to the amount could still buy by themselves."""
    key = tranche.agreed_key
    if key is not None:  # Its scopes, of which this is one, never change.
        return key.revoked_at is None and (key.expires_at is None or key.expires_at > at)
    member = members_of(account).filter(user=tranche.agreed_by, user__is_active=True).first()
    return member is not None and BUYS in capabilities_of(member.role)


@transaction.atomic
def _accept(seen: Tranche, quote: Quote, buyer: Actor, at: datetime, *, present: bool) -> bool:
    """The intent and the tranche's step to it, once. False: it is no longer what the price was asked for."""
    tranche = _same(seen)
    if tranche is None:
        return False
    drop_request(tranche, buyer, at)
    tranche.change = accept_quote(
        quote=quote,
        actor=buyer,
        at=at,
        reason=reason_of(tranche),
        po_number=tranche.po_number,
        present=present,
    )
    tranche.state, tranche.held_code, tranche.asked = State.BUYING, "", None
    tranche.next_look_at = at + LOOK_AGAIN
    tranche.save()
    return True


def _follow(tranche: Tranche, at: datetime) -> Tranche:
    """See the purchase through as far as Stripe answers now."""
    if tranche.change is None:
        return tranche
    change = finish_change(change_id=tranche.change.pk, at=at)
    if change.is_open:
        Tranche.objects.filter(pk=tranche.pk, state=State.BUYING).update(next_look_at=at + LOOK_AGAIN)
        return _read(tranche.pk)
    if change.state == QuantityChange.State.APPLIED:
        return _bought(tranche, change, at)
    if change.error_code in NOT_CHARGED:
        return _put_off(tranche, change.error_code, at)
    return _hold(tranche, change.error_code or change.state, at)


@transaction.atomic
def _bought(seen: Tranche, change: QuantityChange, at: datetime) -> Tranche:
    tranche = _same(seen)
    if tranche is None:
        return _read(seen.pk)
    close(tranche, State.BOUGHT, at)
    record_audit(
        account=tranche.account,
        actor=Actor(user=change.user, api_key=change.api_key, door="task"),
        action="tranche.bought",
        target=tranche.public_id,
        summary=tranche.plan.name,
        order=change.public_id,
        charged=change.charged_due,
        ceiling=tranche.ceiling,
        currency=tranche.currency,
    )
    emit(tranche, "tranche.bought", at)
    tell_bought(tranche, at)
    return tranche


@transaction.atomic
def _put_off(seen: Tranche, code: str, at: datetime) -> Tranche:
    """Nothing was charged and time may cure it: again soon, and after a day a person looks."""
    tranche = _same(seen)
    if tranche is None:
        return _read(seen.pk)
    since = tranche.tried_since or at
    if at - since >= TRY_FOR:
        return _hold(seen, code, at)
    log.info("tranche_put_off", tranche=tranche.public_id, code=code)
    tranche.state, tranche.change, tranche.held_code, tranche.held_at = State.PLANNED, None, "", None
    tranche.tried_since, tranche.next_look_at = since, at + LOOK_AGAIN
    tranche.save()
    return tranche


@transaction.atomic
def _hold(
    seen: Tranche, code: str, at: datetime, *, asked: int | None = None, again_at: datetime | None = None
) -> Tranche:
    """Not one seat is bought. Told once; again_at: looked at again by itself then, else by a person."""
    tranche = _same(seen)
    if tranche is None:
        return _read(seen.pk)
    fresh = tranche.state != State.HELD or tranche.held_code != code
    tranche.state, tranche.held_code, tranche.asked = State.HELD, code[:64], asked
    tranche.held_at = at if fresh else tranche.held_at
    tranche.next_look_at, tranche.tried_since = again_at, None
    if fresh:
        log.info("tranche_held", tranche=tranche.public_id, code=code)
        tell_held(tranche, at)
        tranche.change = None
        emit(tranche, "tranche.held", at)
        record_audit(
            account=tranche.account,
            actor=Actor.system("task"),
            action="tranche.held",
            target=tranche.public_id,
            summary=tranche.plan.name,
            code=code,
            asked=asked,
            ceiling=tranche.ceiling,
            currency=tranche.currency,
        )
    tranche.save()
    return tranche


def _same(seen: Tranche) -> Tranche | None:
    """The row until the transaction ends, if it still stands where it was seen.

    Another worker may have bought it meanwhile, or a person changed it: then what was found out is of no use.
    """
    tranche = lock_row(seen.pk)
    facts = ("change_id", "agreed_at", "released_at")
    same = all(getattr(tranche, name) == getattr(seen, name) for name in facts)
    expected = (State.BUYING,) if seen.change_id else Tranche.OPEN
    return tranche if same and tranche.state in expected else None


def _read(tranche_id: int) -> Tranche:
    rows = Tranche.objects.select_related("account", "plan", "owner__user", "agreed_by", "agreed_key", "change")
    return rows.get(pk=tranche_id)
