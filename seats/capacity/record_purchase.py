"""A quantity moved at Stripe: the pool follows, the ledger says who and why, and those it was bought for sit down."""

from datetime import datetime

from accounts.models import Account, User
from accounts.webhooks.emit_events import emit_event
from billing.dunning.rules import Stage
from billing.models import QuantityChange
from seats.capacity.choose_leavers import release_chosen
from seats.capacity.enforce_grace import release_newest
from seats.holders.admit_waiting import admit_waiting
from seats.holders.planned import lock_given, lock_planned, seat_planned, take_back_given
from seats.models import LedgerEntry, SeatPool
from seats.pool.ledger import new_entry
from seats.pool.pools import lock_pool, policy_of
from seats.pool.rules import frozen_by, seats_off


def record_purchase(
    *,
    account: Account,
    kind: str,
    before: int,
    after: int,
    change: QuantityChange | None,
    invoice_stripe_id: str,
    actor: User | None,
    reason: str,
    at: datetime,
) -> SeatPool:
    """Take over a new purchased quantity in the mirror's transaction. Told twice, it writes once."""
    quote_id = _quote_id(change)
    undone = change.undoes if change is not None and kind == LedgerEntry.Kind.UNDONE else None
    lock_planned(account=account, quote_id=quote_id)
    given = lock_given(account=account, quote_id=_quote_id(undone)) if undone is not None else []
    pool = lock_pool(account)
    # A trigger derives `entitled`, also when seats in use exceed what is left; truth is always written.
    began_at = pool.began_at or (at if after > 0 else None)
    # Seats free of charge hang on the subscription and end with it.
    comped, until = (pool.comped, pool.comped_until) if after else (0, None)
    ended, policy = (pool.comped, comped), policy_of(pool)
    SeatPool.objects.filter(pk=pool.pk).update(purchased=after, began_at=began_at, comped=comped, comped_until=until)
    pool.refresh_from_db()
    new_entry(
        pool=pool,
        kind=kind,
        at=at,
        actor=actor,
        reason=reason,
        purchased=(before, after),
        comped=ended,
        change_id=change.public_id if change else "",
        invoice_stripe_id=invoice_stripe_id,
    ).save()
    if before != after:
        moved = {"before": before, "after": after, "kind": kind, "order_id": change.public_id if change else None}
        emit_event(account=account, kind="seats.quantity_changed", data=moved, at=at)
    if ended[0] != comped:
        limits = {"before": policy, "after": policy_of(pool)}
        emit_event(account=account, kind="seats.limit_changed", data=limits, at=at)
    if undone is not None:
        take_back_given(account=account, seats=given, invited_since=undone.confirmed_at, by=actor, at=at)
        pool.refresh_from_db()
    if kind == LedgerEntry.Kind.REDUCED:
        release_chosen(account=account, quantity=after, at=at)
        pool.refresh_from_db()
    if kind == LedgerEntry.Kind.STARTED and pool.assigned > pool.limit:
        # Holders of an ended subscription are back in their seats; those beyond the new number wait.
        release_newest(account=account, at=at)
        pool.refresh_from_db()
    if after > before:
        if change is not None and quote_id:
            seat_planned(
                account=account, quote_id=quote_id, at=at, api_key=change.api_key, approved=bool(change.approval_id)
            )
        admit_waiting(account=account, at=at)
    return pool


def _quote_id(change: QuantityChange | None) -> str:
    return change.quote.public_id if change is not None and change.quote is not None else ""


def follow_standing(
    *,
    account: Account,
    status: str,
    at: datetime,
    stage: str = Stage.NONE,
    pause_cause: str = "",
    collection_paused: bool = False,
) -> None:
    """A subscription's state stops or allows new holders; those who sit keep their seats. See frozen_by."""
    pool = lock_pool(account)
    frozen = frozen_by(status, stage=stage, pause_cause=pause_cause, collection_paused=collection_paused)
    if frozen != pool.frozen:
        SeatPool.objects.filter(pk=pool.pk).update(frozen=frozen)
        standing = {"before": pool.frozen, "after": frozen, "seats_work": not seats_off(frozen)}
        emit_event(account=account, kind="account.standing_changed", data=standing, at=at)
        if not frozen:
            admit_waiting(account=account, at=at)
