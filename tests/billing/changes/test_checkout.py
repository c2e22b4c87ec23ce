"""One payment page at a time, and what happens when two were paid all the same."""

from datetime import datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, build_opener

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.models import AuditEntry, Membership, Notice
from billing.catalog.sync_catalog import sync_catalog
from billing.changes.buy_quote import buy_quote
from billing.changes.checkout import after_checkout, ensure_customer, start_checkout
from billing.errors import ApprovalRequired, ChangeInProgress, ProviderUnavailable
from billing.mirror.queries import live_subscription
from billing.mirror.refresh import refresh_subscription
from billing.models import CheckoutSession, Drift, Price, QuantityChange, Subscription
from billing.quotes.quote_quantity import quote_quantity
from billing.reconcile.repair import ignore_drift
from billing.terms.allowance import allowance_of
from billing.terms.set_buying_policy import set_buying_policy
from seats.models import SeatPool
from tests.conftest import Funded
from tests.desk import Desk
from tests.invariants import broken_invariants
from tests.seatportal.test_staff import staff_user

pytestmark = pytest.mark.django_db(transaction=True)
State = CheckoutSession.State


@pytest.fixture
def staff(db: None) -> Client:
    """Stella, signed in with a second factor."""
    client = Client()
    client.force_login(staff_user(), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def shop(owner: Membership, desk: Desk) -> Desk:
    desk.price("graduated")
    sync_catalog()
    return desk


def start(owner: Membership, quantity: int, now: datetime) -> str:
    return start_checkout(
        account=owner.account,
        price=Price.objects.get(),
        quantity=quantity,
        actor=Actor(user=owner.user),
        success_url="http://localhost/done",
        cancel_url="http://localhost/plan",
        at=now,
    )


def at_stripe(shop: Desk) -> dict[str, str]:
    """Sessions and their states at Stripe."""
    rows = shop.client.v1.checkout.sessions.list().to_dict()["data"]
    return {row["id"]: row["status"] for row in rows}


class Stay(HTTPRedirectHandler):
    """The page sends the browser back to the portal, which nobody serves here."""

    def redirect_request(self, *_: Any) -> None:
        return None


def pay(url: str) -> None:
    """What the payment page does with a good card."""
    form = urlencode({"card_number": "4242424242424242"}).encode()
    with pytest.raises(HTTPError) as sent:
        build_opener(Stay).open(url, data=form, timeout=20)
    assert (sent.value.code, sent.value.headers["Location"]) == (303, "http://localhost/done")
    sent.value.close()


def states() -> list[str]:
    return list(CheckoutSession.objects.order_by("pk").values_list("state", flat=True))


def test_a_second_page_closes_the_first(owner: Membership, shop: Desk, now: datetime) -> None:
    first = start(owner, 5, now)
    second = start(owner, 12, now)

    assert first != second
    assert states() == [State.EXPIRED, State.OPEN]
    rows = list(CheckoutSession.objects.order_by("pk"))
    assert at_stripe(shop) == {rows[0].stripe_id: "expired", rows[1].stripe_id: "open"}


def test_a_repeated_click_opens_the_same_page(owner: Membership, shop: Desk, now: datetime) -> None:
    first = start(owner, 5, now)

    assert start(owner, 5, now + timedelta(minutes=9)) == first
    assert start(owner, 5, now + timedelta(minutes=11)) != first
    assert states() == [State.EXPIRED, State.OPEN]


def test_a_lost_answer_is_asked_for_again_and_leaves_one_page(owner: Membership, shop: Desk, now: datetime) -> None:
    ensure_customer(account=owner.account, email=owner.user.email, at=now)
    shop.fault("reset_after", path="/v1/checkout/sessions")
    with pytest.raises(ProviderUnavailable):
        start(owner, 5, now)
    assert states() == [State.CONFIRMED]

    start(owner, 7, now)

    assert states() == [State.EXPIRED, State.OPEN]
    assert sorted(at_stripe(shop).values()) == ["expired", "open"]


def test_what_stripe_fails_to_close_keeps_the_second_page_shut(owner: Membership, shop: Desk, now: datetime) -> None:
    start(owner, 5, now)
    shop.fault("error500_no_effect", path="/expire")

    with pytest.raises(ProviderUnavailable):
        start(owner, 7, now)

    assert states() == [State.OPEN]
    assert list(at_stripe(shop).values()) == ["open"]


def test_the_database_lets_one_page_be_open(owner: Membership, shop: Desk, now: datetime) -> None:
    start(owner, 5, now)
    row = CheckoutSession.objects.get()
    row.pk, row.public_id, row.idempotency_key = None, "chk_second", "checkout:second"

    with pytest.raises(IntegrityError, match="checkout_one_open_per_account"):
        row.save(force_insert=True)


def test_a_page_that_was_paid_meanwhile_is_seen_before_another_opens(
    owner: Membership, shop: Desk, now: datetime
) -> None:
    pay(start(owner, 5, now))

    with pytest.raises(ChangeInProgress):
        start(owner, 12, now)

    live = live_subscription(owner.account)
    assert live is not None
    assert (states(), live.items.get().quantity) == ([State.COMPLETE], 5)
    assert SeatPool.objects.get(account=owner.account).purchased == 5


def test_as_long_as_what_was_paid_is_not_read_no_other_page_opens(owner: Membership, shop: Desk, now: datetime) -> None:
    pay(start(owner, 5, now))
    shop.fault("error500_no_effect", method="GET", path="/v1/subscriptions/", times=2)
    with pytest.raises(ProviderUnavailable):
        start(owner, 12, now)
    assert states() == [State.OPEN]

    with pytest.raises(ChangeInProgress):
        start(owner, 12, now)

    assert (states(), list(at_stripe(shop).values())) == ([State.COMPLETE], ["complete"])


def test_on_return_the_page_is_done_with(owner: Membership, shop: Desk, now: datetime) -> None:
    pay(start(owner, 5, now))

    assert after_checkout(account=owner.account, at=now) is True

    assert states() == [State.COMPLETE]


def second_of(funded: Funded) -> str:
    """Another paid subscription of the same customer, as a page that was paid as well makes it."""
    return funded.desk.subscribe(funded.customer.stripe_id, Price.objects.get().stripe_id, 4)


def refunds(funded: Funded) -> list[int]:
    rows: list[dict[str, Any]] = funded.desk.client.v1.refunds.list().to_dict()["data"]
    return [row["amount"] for row in rows]


def test_the_first_purchase_uses_the_months_allowance(owner: Membership, shop: Desk, now: datetime) -> None:
    set_buying_policy(
        account=owner.account,
        seats=8,
        amount=1_000_000,
        currency="usd",
        joiners="wait",
        reason="",
        actor=Actor(user=owner.user),
        at=now,
    )
    url = start(owner, 5, now)
    assert _used(owner, now) == 0, "nobody paid yet"
    pay(url)
    # An event tells of it; the buyer closed the page and never came back.
    (stripe_id,) = [row["id"] for row in shop.client.v1.subscriptions.list().to_dict()["data"]]
    refresh_subscription(stripe_id=stripe_id, at=now)
    assert states() == [State.OPEN]
    assert _used(owner, now) == 5
    assert after_checkout(account=owner.account, at=now)

    left = allowance_of(owner.account, now)
    assert left is not None
    assert (left.used_seats, left.seats_left, left.used_amount) == (5, 3, 25_000)
    quote = quote_quantity(account=owner.account, actor=Actor(user=owner.user), add=4, at=now)
    with pytest.raises(ApprovalRequired):
        buy_quote(account=owner.account, quote_id=quote.public_id, actor=Actor(user=owner.user), at=now)
    assert not QuantityChange.objects.exists()
    assert _used(owner, now + timedelta(days=31)) == 0


def _used(owner: Membership, at: datetime) -> int:
    left = allowance_of(owner.account, at)
    assert left is not None
    return left.used_seats


def test_a_second_subscription_is_put_to_staff_and_touches_nothing(funded: Funded, now: datetime) -> None:
    second = second_of(funded)

    assert refresh_subscription(stripe_id=second, at=now) is None
    assert refresh_subscription(stripe_id=second, at=now) is None

    drift = Drift.objects.get()
    assert (drift.kind, drift.severity, drift.subject, drift.account) == ("unknown", "grave", second, funded.account)
    assert funded.stripe_id in drift.note
    assert Subscription.objects.count() == 1
    assert SeatPool.objects.get(account=funded.account).purchased == 10
    assert broken_invariants(funded.desk) == []


def test_staff_end_it_and_give_its_payment_back_once(funded: Funded, now: datetime, staff: Client) -> None:
    second = second_of(funded)
    refresh_subscription(stripe_id=second, at=now)
    drift = Drift.objects.get()
    url = reverse("admin:billing_drift_act", args=[drift.pk, "end-second"])
    funded.desk.fault("error500_with_effect", path="/v1/refunds")
    staff.post(url, {"reason": "Paid twice"})
    drift.refresh_from_db()
    assert drift.state == "found"

    staff.post(url, {"reason": "Paid twice"})

    drift.refresh_from_db()
    assert (drift.state, drift.note) == ("repaired", "Paid twice")
    assert (funded.desk.status(second), funded.desk.status(funded.stripe_id)) == ("canceled", "active")
    assert refunds(funded) == [20000]
    assert [notice.kind for notice in Notice.objects.all()] == ["second_ended"]
    assert AuditEntry.objects.get(action="subscription.second_ended").target == drift.public_id
    refresh_subscription(stripe_id=second, at=now)
    assert Subscription.objects.count() == 1
    assert SeatPool.objects.get(account=funded.account).purchased == 10


def test_a_new_subscription_after_one_that_ended_unheard_is_taken_over(funded: Funded, now: datetime) -> None:
    funded.desk.client.v1.subscriptions.cancel(funded.stripe_id)
    second = second_of(funded)

    found = refresh_subscription(stripe_id=second, at=now)

    assert found is not None
    live = live_subscription(funded.account)
    assert live is not None
    assert live.stripe_id == second
    assert SeatPool.objects.get(account=funded.account).purchased == 4
    assert not Drift.objects.exists()


def test_nobody_ends_the_only_subscription_by_it(funded: Funded, now: datetime, staff: Client) -> None:
    drift = Drift.objects.create(
        account=funded.account,
        subject=funded.stripe_id,
        kind="unknown",
        severity="grave",
        first_seen=now,
        last_seen=now,
    )

    staff.post(reverse("admin:billing_drift_act", args=[drift.pk, "end-second"]), {"reason": "Oops"})

    assert funded.desk.status(funded.stripe_id) == "active"
    assert refunds(funded) == []


def test_set_aside_by_staff_it_is_read_again_and_stays_so(funded: Funded, now: datetime) -> None:
    second = second_of(funded)
    refresh_subscription(stripe_id=second, at=now)
    ignore_drift(drift=Drift.objects.get(), actor=Actor.system("admin"), at=now, reason="A test of ours")

    assert refresh_subscription(stripe_id=second, at=now + timedelta(minutes=1)) is None

    drift = Drift.objects.get()
    assert (drift.state, drift.last_seen) == ("ignored", now + timedelta(minutes=1))


def test_the_event_of_its_end_closes_nothing_that_is_half_done(funded: Funded, now: datetime, staff: Client) -> None:
    second = second_of(funded)
    refresh_subscription(stripe_id=second, at=now)
    drift = Drift.objects.get()
    url = reverse("admin:billing_drift_act", args=[drift.pk, "end-second"])
    funded.desk.fault("reset_before", path="/v1/refunds")
    staff.post(url, {"reason": "Paid twice"})
    refresh_subscription(stripe_id=second, at=now)
    drift.refresh_from_db()
    assert (funded.desk.status(second), refunds(funded), drift.state) == ("canceled", [], "found")

    staff.post(url, {"reason": "Paid twice"})

    drift.refresh_from_db()
    assert (refunds(funded), drift.state) == ([20000], "repaired")


def test_it_is_not_ended_where_the_first_one_has_ended_unheard(funded: Funded, now: datetime, staff: Client) -> None:
    second = second_of(funded)
    refresh_subscription(stripe_id=second, at=now)
    funded.desk.client.v1.subscriptions.cancel(funded.stripe_id)

    url = reverse("admin:billing_drift_act", args=[Drift.objects.get().pk, "end-second"])
    page = staff.post(url, {"reason": "Paid twice"})

    assert page.status_code == 409
    assert "other subscription has ended meanwhile" in page.content.decode()
    assert (funded.desk.status(second), refunds(funded)) == ("active", [])
