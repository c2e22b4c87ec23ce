"""Seats for joiners of a directory who found none: bought within the allowance, or sent for approval.

A row per account is the job (models/joiners.py). The first joiner opens it and it waits a moment for the others, so a
burst is one purchase or few. Money goes the ordinary way, outside transactions: a quote, an intent with its key
committed with this row, the call, a read. Never more seats are bought than joiners wait at the moment of the intent.
"""

from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, DirectoryPerson, Membership, Role
from accounts.notices.send_notice import send_notice
from billing.changes.buy_quote import accept_quote
from billing.changes.finish_change import finish_change
from billing.errors import (
    ApprovalRequired,
    ChangeInProgress,
    ProviderUnavailable,
    QuoteChanged,
    QuoteExpired,
    QuoteUnavailable,
    RenewalSoon,
)
from billing.models import BuyingPolicy, QuantityChange, Quote
from billing.quotes.approval import needs_approval
from billing.quotes.quote_quantity import quote_quantity
from billing.quotes.rules import LARGEST_STEP
from billing.terms.allowance import allowance_of
from billing.terms.set_buying_policy import buying_policy_of, lock_buying_policy
from seatportal.kit.errors import PortalError
from seats.holders.queries import waiting_in
from seats.models import JoinerPurchase, SeatRequest
from seats.pool.budgets import used_up
from seats.pool.pools import pool_of
from seats.pool.regions import common_open, region_pools
from seats.requests.grow_purchase import grow_purchase
from seats.requests.request_purchase import request_purchase

log = structlog.get_logger(__name__)
State, Joiners = JoinerPurchase.State, BuyingPolicy.Joiners

# A directory sends people one after the other.
GATHER = timedelta(seconds=30)
LOOK_AGAIN = timedelta(minutes=2)
# What only time cures; everything else stops the row, and people are told.
LATER = (ChangeInProgress, ProviderUnavailable, QuoteChanged, QuoteExpired, QuoteUnavailable, RenewalSoon)
# Ends of a purchase that never happened.
NOT_CHARGED = frozenset({"provider_unavailable", "too_many_changes", "quote_changed", "not_executed"})


def want_seats(*, account: Account, at: datetime) -> None:
    """Somebody of a directory waits: see to seats in a moment. In the joiner's transaction."""
    try:
        with transaction.atomic():
            JoinerPurchase.objects.create(account=account, since=at, next_try_at=at + GATHER)
    except IntegrityError as error:
        if "joiner_purchase_one_open" not in str(error):
            raise


def try_again(*, account: Account, actor: Actor, at: datetime) -> bool:
    """People of the account start what was stopped; returns whether there was anything."""
    with transaction.atomic():
        started = JoinerPurchase.objects.filter(account=account, state=State.STOPPED).update(
            state=State.OPEN, problem="", next_try_at=at
        )
        if started:
            record_audit(account=account, actor=actor, action="joiners.again", target=account.public_id)
    return bool(started)


def stopped_purchase(account: Account) -> JoinerPurchase | None:
    """What waits for people of the account."""
    return JoinerPurchase.objects.filter(account=account, state=State.STOPPED).first()


def buy_for_all_joiners(*, at: datetime) -> int:
    """Every row that is due; returns how many. One that fails never stops the rest."""
    due = list(JoinerPurchase.objects.filter(state=State.OPEN, next_try_at__lte=at).order_by("pk"))
    for row in JoinerPurchase.objects.filter(state=State.STOPPED).select_related("account"):
        if not joiners_without_seat(row.account):
            # Nobody waits any more: the next joiner begins anew.
            JoinerPurchase.objects.filter(pk=row.pk, state=State.STOPPED).update(state=State.DONE)
    for row in due:
        try:
            buy_for_joiners(row_id=row.pk, at=at)
        except Exception:
            log.exception("joiners_not_served", account=row.account_id)
    return len(due)


def joiners_without_seat(account: Account) -> list[Membership]:
    """Members of a directory who wait beyond the seats that are free, the first come first.

    Not those whose department's budget is used up, nor those whose region has seats of its own: a bought seat would
    not be theirs. Nor do free seats of regions help the others. None while seats are frozen.
    """
    from_directory = DirectoryPerson.objects.filter(account=account, active=True, user__isnull=False)
    places = (
        waiting_in(account)
        .filter(membership__left_at__isnull=True, membership__user__in=from_directory.values("user"))
        .exclude(membership__department_id__in=used_up(account))
        .exclude(membership__region_id__in=region_pools(account).values("region_id"))
    )
    pool = pool_of(account)
    people = [place.membership for place in places if place.membership]
    return people[common_open(pool) :] if not pool.frozen else []


def buy_for_joiners(*, row_id: int, at: datetime) -> None:
    """Bring one row as far as it goes now. Safe to run twice at once and late."""
    row = JoinerPurchase.objects.select_related("account", "change", "request").get(pk=row_id)
    if row.state != State.OPEN or not _settled(row, at):
        return
    account, missing = row.account, joiners_without_seat(row.account)
    policy = buying_policy_of(account)
    if not missing or policy.joiners == Joiners.WAIT:
        _to(row, state=State.DONE)
        return
    try:
        if policy.joiners == Joiners.BUY and _buy(row, len(missing), at):
            return
        _ask(row, missing, at)
    except LATER as error:
        log.info("joiners_wait", account=account.public_id, code=error.code)
        _to(row, next_try_at=at + LOOK_AGAIN)
    except PortalError as error:
        _stop(row, error.code, at)


def _settled(row: JoinerPurchase, at: datetime) -> bool:
    """Whether nothing is under way any more; what ended without seats stops the row."""
    if row.change is not None:
        change = finish_change(change_id=row.change.pk, at=at)
        if change.is_open:
            _to(row, next_try_at=at + LOOK_AGAIN)
            return False
        if change.state != QuantityChange.State.APPLIED and change.error_code not in NOT_CHARGED:
            _stop(row, change.error_code or change.state, at)
            return False
        _to(row, change=None)
    if row.request is not None:
        if row.request.state in (SeatRequest.State.OPEN, SeatRequest.State.BUYING):
            _grow(row, row.request, at)
            _to(row, next_try_at=at + LOOK_AGAIN)
            return False
        if row.request.state != SeatRequest.State.APPROVED:
            _to(row, state=State.DONE)  # Refused or taken back: that was the answer. The next joiner asks again.
            return False
        _to(row, request=None)
    return True


def _grow(row: JoinerPurchase, request: SeatRequest, at: datetime) -> None:
    """Whoever came since it was asked is asked for along with the others, as long as nobody has answered."""
    count = min(len(joiners_without_seat(row.account)), LARGEST_STEP)
    if request.state != SeatRequest.State.OPEN or count <= (request.quantity or 0):
        return
    if buying_policy_of(row.account).joiners == Joiners.WAIT:
        return
    try:
        quote = quote_quantity(account=row.account, actor=Actor.system("task"), add=count, at=at)
        grow_purchase(account=row.account, request=request, quote=quote, actor=Actor.system("task"), at=at)
    except PortalError as error:
        # It stands as it was; those who came wait for the next look.
        log.info("joiners_not_added", account=row.account.public_id, code=error.code)


def _buy(row: JoinerPurchase, count: int, at: datetime) -> bool:
    """Buy as many as the allowance lets; False where it lets none."""
    allowance = allowance_of(row.account, at)
    if allowance is None:
        return False
    left = count if allowance.seats_left is None else min(count, allowance.seats_left)
    if not left:
        return False
    quote = quote_quantity(
        account=row.account, actor=Actor.system("task"), add=min(left, LARGEST_STEP), at=at, present=False
    )
    if needs_approval(quote, at):
        return False
    try:
        change = _accept(row.pk, quote, at)
    except ApprovalRequired:
        return False  # Somebody used the rest meanwhile.
    if change is None:
        _to(row, next_try_at=at)
        return True
    change = finish_change(change_id=change.pk, at=at)
    row.refresh_from_db()
    if _settled(row, at):
        _to(row, next_try_at=at)
    return True


@transaction.atomic
def _accept(row_id: int, quote: Quote, at: datetime) -> QuantityChange | None:
    """The intent, once, and never for more than wait now; None: not ours to do any more.

    Nobody is present, so a payment that is not complete at once is an error and nothing is left open.
    """
    row = JoinerPurchase.objects.select_for_update(of=("self",)).select_related("account").get(pk=row_id)
    if row.state != State.OPEN or row.change_id is not None or row.request_id is not None:
        return None
    if lock_buying_policy(row.account).joiners != Joiners.BUY:
        return None  # Somebody changed the rule meanwhile; the next look follows the new one.
    if len(joiners_without_seat(row.account)) < quote.added:
        return None
    with translation.override(row.account.locale):
        reason = _("For people whom the directory added")
    row.change = accept_quote(quote=quote, actor=Actor.system("task"), at=at, reason=reason, present=False)
    row.tries += 1
    row.save(update_fields=["change", "tries"])
    return row.change


def _ask(row: JoinerPurchase, missing: list[Membership], at: datetime) -> None:
    """Send the missing seats for approval, in the name of the first who waits: nobody in person asks."""
    count = min(len(missing), LARGEST_STEP)
    quote = quote_quantity(account=row.account, actor=Actor.system("task"), add=count, at=at)
    with translation.override(row.account.locale):
        reason = _("For people whom the directory added")
    with transaction.atomic():
        locked = JoinerPurchase.objects.select_for_update().get(pk=row.pk)
        if locked.state != State.OPEN or locked.change_id is not None or locked.request_id is not None:
            return
        if lock_buying_policy(row.account).joiners == Joiners.WAIT:
            return  # As above: the next look ends the row.
        locked.request = request_purchase(
            account=row.account,
            membership=missing[0],
            quote_id=quote.public_id,
            reason=reason,
            actor=Actor.system("task"),
            at=at,
        )
        locked.next_try_at = at + LOOK_AGAIN
        locked.save(update_fields=["request", "next_try_at"])


@transaction.atomic
def _stop(row: JoinerPurchase, code: str, at: datetime) -> None:
    """They go on waiting; those who may act are told once."""
    stopped = JoinerPurchase.objects.filter(pk=row.pk, state=State.OPEN).update(
        state=State.STOPPED, change=None, problem=code[:64]
    )
    if not stopped:
        return
    record_audit(
        account=row.account,
        actor=Actor.system("task"),
        action="joiners.stopped",
        target=row.account.public_id,
        summary=code,
    )
    send_notice(
        account=row.account,
        kind="joiners_stopped",
        # By the moment: what is started again may stop again before any purchase was tried.
        key=f"joiners_stopped:{row.pk}:{at.isoformat(timespec='seconds')}",
        context={
            "waiting": waiting_in(row.account).count(),
            "declined": code == "payment_declined",
            "link": reverse("seats:spending", args=[row.account.slug]),
        },
        roles=(Role.OWNER, Role.ADMIN),
        at=at,
    )


def _to(row: JoinerPurchase, **values: object) -> None:
    JoinerPurchase.objects.filter(pk=row.pk, state=State.OPEN).update(**values)
    for name, value in values.items():
        setattr(row, name, value)
