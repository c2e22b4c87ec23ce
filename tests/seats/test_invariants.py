"""Each invariant's query finds the violation that it is for, and nothing in a sound account."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Membership
from billing.changes.buy_quote import buy_quote
from billing.models import Invoice, QuantityChange, StripeEvent, Subscription, SubscriptionItem
from billing.quotes.quote_quantity import quote_quantity
from seats.holders.assign_seat import assign_seat
from seats.invariants.check_invariants import check_invariants
from seats.models import Assignment, LedgerEntry, SeatPool
from tests.conftest import Funded

pytestmark = pytest.mark.django_db(transaction=True)
State = QuantityChange.State
Change = QuantityChange.objects


@pytest.fixture
def bought(funded: Funded, now: datetime) -> QuantityChange:
    """Two seats bought, one taken: everything is in order."""
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    assign_seat(account=funded.account, membership=funded.owner, actor=funded.actor, at=now)
    assert change.state == State.APPLIED
    return change


def twin(change: QuantityChange, **values: object) -> QuantityChange:
    """A second change like the first one."""
    copy = Change.get(pk=change.pk)
    copy.pk, copy.quote, copy.public_id, copy.idempotency_key = None, None, "chg_twin", "seatchg:chg_twin:1"
    for name, value in values.items():
        setattr(copy, name, value)
    copy.save()
    return copy


def run(sql: str) -> None:
    """What no code of ours would do."""
    with connection.cursor() as cursor:
        cursor.execute(sql)


def event(change: QuantityChange, now: datetime, **values: object) -> StripeEvent:
    """An event of the change's subscription that was handled an hour ago."""
    made = StripeEvent.objects.create(
        event_id="evt_x",
        kind="customer.subscription.updated",
        subscription_stripe_id=change.subscription.stripe_id,
        stripe_created=now,
        payload={},
        state=StripeEvent.State.DONE,
        done_at=now - timedelta(hours=1),
        **values,
    )
    StripeEvent.objects.update(received_at=now - timedelta(hours=1))
    return made


def two_changes_of_one_invoice(change: QuantityChange, now: datetime) -> None:
    twin(change)


def two_paid_invoices(change: QuantityChange, now: datetime) -> None:
    invoice = Invoice.objects.get(stripe_id=change.invoice_stripe_id)
    invoice.pk, invoice.stripe_id, invoice.public_id = None, "in_second", "inv_second"
    invoice.save()


def heard_and_never_read(change: QuantityChange, now: datetime) -> None:
    event(change, now)
    Subscription.objects.update(synced_at=now - timedelta(hours=2))


def hangs(change: QuantityChange, now: datetime) -> None:
    twin(change, state=State.UNKNOWN, invoice_stripe_id="", first_call_at=now - timedelta(hours=27), last_call_at=None)
    Change.filter(public_id="chg_twin").update(confirmed_at=now - timedelta(hours=27))


def waits_for_ever(change: QuantityChange, now: datetime) -> None:
    twin(
        change,
        state=State.AWAITING_PAYMENT,
        invoice_stripe_id="",
        pending_expires_at=now - timedelta(minutes=11),
    )


def waits_without_an_end(change: QuantityChange, now: datetime) -> None:
    long_ago = now - timedelta(hours=27)
    twin(change, state=State.AWAITING_PAYMENT, invoice_stripe_id="", pending_expires_at=None, first_call_at=long_ago)
    Change.filter(public_id="chg_twin").update(confirmed_at=long_ago, last_call_at=None)


def unpaid(change: QuantityChange, now: datetime) -> None:
    Invoice.objects.filter(stripe_id=change.invoice_stripe_id).update(status="open")


def granted_too_early(change: QuantityChange, now: datetime) -> None:
    Change.update(state=State.AWAITING_PAYMENT)
    Invoice.objects.filter(stripe_id=change.invoice_stripe_id).update(status="open")


def granted_never(change: QuantityChange, now: datetime) -> None:
    twin(change, invoice_stripe_id="", quoted_total=0, quoted_due=0, charged_total=0)


def charged_more(change: QuantityChange, now: datetime) -> None:
    Change.update(charged_total=change.quoted_total + 1)


def charged_after_the_end(change: QuantityChange, now: datetime) -> None:
    run("ALTER TABLE seats_ledgerentry DISABLE TRIGGER USER")
    LedgerEntry.objects.filter(change_id=change.public_id).update(change_id="", kind="external")
    run("ALTER TABLE seats_ledgerentry ENABLE TRIGGER USER")
    Change.update(state=State.FAILED)


def called_before_accepted(change: QuantityChange, now: datetime) -> None:
    Change.update(confirmed_at=now + timedelta(seconds=1))


def a_key_of_nobody(change: QuantityChange, now: datetime) -> None:
    event(change, now, request_idempotency_key="seatchg:chg_gone:1")


def an_old_key(change: QuantityChange, now: datetime) -> None:
    Change.update(last_call_at=now + timedelta(hours=20))


def a_broken_chain(change: QuantityChange, now: datetime) -> None:
    pool = SeatPool.objects.get(account=change.account)
    for before, after in ((11, 12), (13, 12)):
        LedgerEntry.objects.create(
            account=change.account,
            at=now,
            kind="external",
            purchased_before=before,
            purchased_after=after,
            assigned_before=pool.assigned,
            assigned_after=pool.assigned,
        )


def two_open_changes(change: QuantityChange, now: datetime) -> None:
    run("DROP INDEX change_one_open_per_subscription")
    for number in range(2):
        copy = twin(change, state=State.CONFIRMED, invoice_stripe_id="")
        Change.filter(pk=copy.pk).update(public_id=f"chg_{number}", idempotency_key=f"seatchg:chg_{number}:1")


def sent_from_elsewhere(change: QuantityChange, now: datetime) -> None:
    Change.update(sent_from=15)


def miscounted(change: QuantityChange, now: datetime) -> None:
    run("ALTER TABLE seats_seatpool DISABLE TRIGGER USER")
    SeatPool.objects.update(assigned=2)
    run("ALTER TABLE seats_seatpool ENABLE TRIGGER USER")


def over_and_not_said(change: QuantityChange, now: datetime) -> None:
    run("ALTER TABLE seats_seatpool DISABLE TRIGGER USER")
    SeatPool.objects.update(purchased=0, over_since=None)
    run("ALTER TABLE seats_seatpool ENABLE TRIGGER USER")
    SubscriptionItem.objects.update(quantity=0)
    LedgerEntry.objects.create(
        account=change.account, at=now, kind="external", purchased_before=12, purchased_after=0,
        assigned_before=1, assigned_after=1,
    )  # fmt: skip


def ledger_and_mirror_apart(change: QuantityChange, now: datetime) -> None:
    SubscriptionItem.objects.update(quantity=13)


def free_of_charge_and_not_in_the_ledger(change: QuantityChange, now: datetime) -> None:
    SeatPool.objects.update(comped=2, comped_until=now.date())


def a_write_of_nobody(change: QuantityChange, now: datetime) -> None:
    event(change, now, request_idempotency_key="void:chg_gone")


def a_refund_of_nobody(change: QuantityChange, now: datetime) -> None:
    event(change, now, request_idempotency_key="refund:rfd_gone:1")


def of_two_tenants(change: QuantityChange, now: datetime, outsider: Membership) -> None:
    Change.update(user=outsider.user)


def a_seat_of_a_stranger(change: QuantityChange, now: datetime, outsider: Membership) -> None:
    Assignment.objects.update(membership=outsider)


def money_as_float(change: QuantityChange, now: datetime) -> None:
    run("ALTER TABLE billing_quote ADD COLUMN guess double precision")


CASES: list[tuple[int, Callable[..., None]]] = [
    (1, two_changes_of_one_invoice),
    (1, two_paid_invoices),
    (2, heard_and_never_read),
    (3, hangs),
    (3, waits_for_ever),
    (3, waits_without_an_end),
    (4, unpaid),
    (4, granted_too_early),
    (5, granted_never),
    (6, charged_more),
    (7, charged_after_the_end),
    (8, called_before_accepted),
    (8, a_key_of_nobody),
    (9, an_old_key),
    (10, a_broken_chain),
    (11, two_open_changes),
    (12, sent_from_elsewhere),
    (13, miscounted),
    (13, over_and_not_said),
    (14, ledger_and_mirror_apart),
    (14, free_of_charge_and_not_in_the_ledger),
    (16, a_write_of_nobody),
    (16, a_refund_of_nobody),
    (17, of_two_tenants),
    (17, a_seat_of_a_stranger),
    (18, money_as_float),
]


@pytest.fixture
def repaired() -> object:
    """Put back what a case took from the schema; the tests' database is shared."""
    yield
    run("ALTER TABLE billing_quote DROP COLUMN IF EXISTS guess")
    Change.all().update(state=State.FAILED)
    run(
        "CREATE UNIQUE INDEX IF NOT EXISTS change_one_open_per_subscription ON billing_quantitychange (subscription_id)"
        " WHERE state IN ('confirmed', 'calling', 'unknown', 'awaiting_payment', 'conflict')"
    )


@pytest.mark.parametrize(("number", "harm"), CASES, ids=[harm.__name__ for _, harm in CASES])
def test_the_query_finds_it(
    bought: QuantityChange,
    now: datetime,
    repaired: None,
    request: pytest.FixtureRequest,
    number: int,
    harm: Callable[..., None],
) -> None:
    assert check_invariants(at=now + timedelta(minutes=1)) == []

    if harm in (of_two_tenants, a_seat_of_a_stranger):
        harm(bought, now, request.getfixturevalue("outsider"))
    else:
        harm(bought, now)

    assert number in {broken.number for broken in check_invariants(at=now + timedelta(minutes=1))}


def test_a_call_inside_a_transaction_shows_while_it_lasts(bought: QuantityChange, now: datetime) -> None:
    """Invariant 15: the query looks at the server's own list of processes."""
    from billing.invariants.find_broken import find_broken
    from billing.invariants.queries import INVARIANTS
    from billing.invariants.rules import Invariant

    waits = next(i for i in INVARIANTS if i.number == 15)
    at_once = Invariant(15, waits.name, waits.sql.replace("10 seconds", "0 seconds"))
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1")
    try:
        assert len(find_broken(invariants=[at_once], at=now)) == 1
        # The server notices a closed connection some time later; an answered statement is over.
        with other.cursor() as cursor:
            cursor.execute("ROLLBACK")
        assert find_broken(invariants=[at_once], at=now) == []
    finally:
        other.close()


def test_the_command_says_what_is_broken_and_fails(bought: QuantityChange, now: datetime) -> None:
    out = StringIO()
    call_command("check_invariants", stdout=out)
    assert out.getvalue() == "All invariants hold.\n"

    Change.update(sent_from=15)
    out = StringIO()
    with pytest.raises(CommandError, match=r"1 violations\."):
        call_command("check_invariants", stdout=out)
    assert bought.public_id in out.getvalue()


def test_an_event_that_came_while_its_batch_was_claimed_was_read(bought: QuantityChange, now: datetime) -> None:
    """The worker's moment is taken before it claims; what arrives in between is claimed and read with the rest."""
    event(bought, now)
    hour_ago = now - timedelta(hours=1)
    StripeEvent.objects.update(received_at=hour_ago + timedelta(milliseconds=20), done_at=hour_ago)
    Subscription.objects.update(synced_at=hour_ago)

    assert check_invariants(at=now + timedelta(minutes=1)) == []
