"""A renewal that is not paid: what is told, what the seats do, and how all comes back with the payment."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Membership, Notice, Role
from accounts.notices.deliver_notice import mail_of
from billing.dunning.queries import late_of
from billing.dunning.rules import Stage
from billing.errors import PastDue
from billing.mirror.refresh import refresh_subscription
from billing.models import Invoice
from billing.notices.tell_dunning import walk_dunning
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.set_terms import set_terms
from seats.errors import SeatsFrozen
from seats.holders.assign_seat import assign_seat
from seats.models import Assignment, SeatPool
from tests.conftest import Funded, join

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]


@pytest.fixture
def late(funded: Funded, now: datetime) -> tuple[Funded, datetime]:
    """The renewal was declined; everything is read at that moment."""
    assign_seat(
        account=funded.account, membership=join(funded.account, "Ana", Role.MEMBER, now), actor=funded.actor, at=now
    )
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")
    end = funded.subscription.items.get().period_end
    moment = end + timedelta(hours=2)
    funded.desk.advance(int((moment - now).total_seconds()))
    refresh_subscription(stripe_id=funded.stripe_id, at=moment)
    return funded, moment


def stage(account: Account, at: datetime) -> Stage:
    found = late_of(account, at)
    assert found is not None
    return found.dunning.stage


def kinds() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("key", flat=True))


def frozen(funded: Funded) -> str:
    return SeatPool.objects.get(account=funded.account).frozen


def test_each_step_is_told_once_and_the_seats_follow(late: tuple[Funded, datetime], now: datetime) -> None:
    funded, start = late
    invoice = Invoice.objects.get(account=funded.account, status="open")
    bob, cleo = (join(funded.account, name, Role.MEMBER, start) for name in ("Bob", "Cleo"))
    assert funded.subscription.items.get().quantity == 10
    assert kinds() == [f"past_due:{invoice.public_id}:grace"]

    # Within the grace owned seats can be given, and none can be bought.
    walk_dunning(at=start + timedelta(days=6))
    assert frozen(funded) == ""
    assign_seat(account=funded.account, membership=bob, actor=funded.actor, at=start)
    with pytest.raises(PastDue):
        quote_quantity(account=funded.account, actor=funded.actor, add=1, at=start)

    for _twice in range(2):
        walk_dunning(at=start + timedelta(days=8))
    assert frozen(funded) == "past_due"
    with pytest.raises(SeatsFrozen, match="An invoice is overdue"):
        assign_seat(account=funded.account, membership=cleo, actor=funded.actor, at=start)

    walk_dunning(at=start + timedelta(days=22))
    assert frozen(funded) == "suspended"
    assert kinds() == [f"past_due:{invoice.public_id}:{name}" for name in ("grace", "frozen", "suspended")]
    pool = SeatPool.objects.get(account=funded.account)
    assert (pool.purchased, pool.assigned) == (10, 2)


def test_all_comes_back_with_the_payment(late: tuple[Funded, datetime]) -> None:
    funded, start = late
    walk_dunning(at=start + timedelta(days=22))
    invoice = Invoice.objects.get(account=funded.account, status="open")
    funded.desk.card(funded.customer.stripe_id)
    funded.desk.client.v1.invoices.pay(invoice.stripe_id)

    for _twice in range(2):
        refresh_subscription(stripe_id=funded.stripe_id, at=start + timedelta(days=23))

    assert frozen(funded) == ""
    assert stage(funded.account, start + timedelta(days=23)) == Stage.NONE
    assert kinds()[-1] == f"paid_up:{invoice.public_id}"
    assert kinds().count(f"paid_up:{invoice.public_id}") == 1
    assert Assignment.objects.filter(account=funded.account, ended_at__isnull=True).count() == 1
    quote_quantity(account=funded.account, actor=funded.actor, add=1, at=start + timedelta(days=1))


def test_the_mail_names_amount_and_days(late: tuple[Funded, datetime]) -> None:
    funded, _start = late
    text = str(mail_of(Notice.objects.get()).body)

    since = Invoice.objects.get(account=funded.account, status="open").issued_at
    assert "over $500.00 has been due since" in text
    for days in (0, 7, 21):
        day = since + timedelta(days=days)
        assert f"{day.day} {day:%B %Y}" in text


def test_staff_give_more_time_with_a_reason(late: tuple[Funded, datetime]) -> None:
    funded, start = late
    until = start + timedelta(days=40)
    set_terms(account=funded.account, reason="Bank moved", actor=Actor.system("admin"), at=start, grace_until=until)

    walk_dunning(at=start + timedelta(days=30))

    assert (stage(funded.account, start + timedelta(days=30)), frozen(funded)) == (Stage.GRACE, "")
    entry = AuditEntry.objects.get(account=funded.account, action="terms.set")
    assert (entry.summary, entry.data["new"]) == ("Bank moved", {"grace_until": until.isoformat()})


def test_an_old_open_invoice_counts_although_the_status_is_well(late: tuple[Funded, datetime]) -> None:
    funded, start = late
    type(funded.subscription).objects.update(status="active")

    walk_dunning(at=start + timedelta(days=8))

    assert frozen(funded) == "past_due"


def test_the_page_says_what_happens_when_and_where_to_pay(late: tuple[Funded, datetime], client_of: ClientOf) -> None:
    funded, start = late
    invoice = Invoice.objects.get(account=funded.account, status="open")
    with time_machine.travel(start + timedelta(days=1)):
        text = " ".join(client_of(funded.owner).get(f"/a/{funded.account.slug}/invoices/").content.decode().split())

    assert "An invoice over $500.00 is not paid" in text
    assert "Everything keeps working; seats can be added again as soon as it is paid." in text
    assert invoice.hosted_url in text
    assert "Pay now" in text
