"""A trial that ended without a card is resumed: priced, paid once, and only then the seats work again."""

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.models import AuditEntry, Membership, Notice, Role
from accounts.notices.deliver_notice import mail_of
from billing.catalog.sync_catalog import sync_catalog
from billing.changes.checkout import ensure_customer
from billing.changes.resume_paused import (
    carry_due_resumptions,
    pay_resumption,
    price_resumption,
    resume_paused,
    stop_resumption,
)
from billing.errors import NoCard, NotPaused, NotSelfService, PaymentDeclined, ProviderUnavailable, QuoteChanged
from billing.gateway.stripe_api import gateway
from billing.mirror.mirror_customer import refresh_customer
from billing.mirror.refresh import refresh_subscription
from billing.models import Incident, Resumption, Subscription, Terms
from billing.reconcile.check_money import check_paid_invoice
from seats.models import SeatPool
from tests.conftest import Funded, join
from tests.desk import Desk
from tests.killing_resumption import STEPS
from tests.seatportal.test_staff import staff_user

pytestmark = pytest.mark.django_db(transaction=True)
State = Resumption.State
ClientOf = Callable[[Membership], Client]


@dataclass
class Paused:
    """Ten seats at 500.00 a month whose trial ended without a card fifteen days ago; `at` is today."""

    owner: Membership
    desk: Desk
    stripe_id: str
    customer_id: str
    at: datetime

    @property
    def account(self) -> Any:
        return self.owner.account

    @property
    def actor(self) -> Actor:
        return Actor(user=self.owner.user)

    @property
    def pool(self) -> SeatPool:
        return SeatPool.objects.get(account=self.account)

    def card(self, token: str = "pm_card_visa") -> str:
        method = self.desk.card(self.customer_id, token)
        refresh_customer(stripe_id=self.customer_id, at=self.at)
        return method

    def resume(self, agreed: int | None = 50000) -> Resumption:
        return resume_paused(account=self.account, actor=self.actor, at=self.at, agreed=agreed)

    def carry(self, **later: float) -> Resumption:
        carry_due_resumptions(at=self.at + timedelta(**later))
        return Resumption.objects.latest("pk")

    def paid(self) -> list[int]:
        """What was paid for going on; the trial's own invoice is over nothing."""
        return [row["total"] for row in self.desk.invoices(self.stripe_id, status="paid") if row["total"]]

    def asked(self) -> int:
        return sum(r["method"] == "POST" and r["path"].endswith("/resume") for r in self.desk.requests())


@pytest.fixture
def staff(db: None) -> Client:
    """Stella, signed in with a second factor."""
    client = Client()
    client.force_login(staff_user(), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def paused(owner: Membership, desk: Desk, now: datetime) -> Paused:
    return pause(owner, desk, now)


def pause(owner: Membership, desk: Desk, now: datetime, interval: str = "month") -> Paused:
    price = desk.price(interval=interval)
    sync_catalog()
    customer = ensure_customer(account=owner.account, email=owner.user.email, at=now)
    stripe_id = desk.subscribe(
        customer.stripe_id,
        price,
        10,
        trial_period_days=14,
        trial_settings={"end_behavior": {"missing_payment_method": "pause"}},
    )
    refresh_subscription(stripe_id=stripe_id, at=now)
    later = now + timedelta(days=15)
    desk.advance(15 * 86_400)
    refresh_subscription(stripe_id=stripe_id, at=later)
    return Paused(owner, desk, stripe_id, customer.stripe_id, later)


def told() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("kind", flat=True))


def test_it_is_told_and_the_seats_are_off_until_it_is_paid(paused: Paused) -> None:
    assert (paused.pool.frozen, told()) == ("paused_unpaid", ["paused"])
    mail = mail_of(Notice.objects.get())
    assert mail.subject == "Acme: the trial has ended without a card"
    assert "/plan/restart/" in str(mail.body)
    with pytest.raises(NoCard):
        price_resumption(account=paused.account)
    paused.card()

    assert price_resumption(account=paused.account).amount_due == 50000
    wish = paused.resume()

    assert (wish.state, wish.quoted_due, wish.charged_total, wish.calls) == (State.DONE, 50000, 50000, 1)
    assert (paused.paid(), paused.desk.status(paused.stripe_id)) == ([50000], "active")
    assert paused.pool.frozen == ""
    assert told() == ["paused", "unpaused"]
    assert "$500.00 were charged" in str(mail_of(Notice.objects.latest("pk")).body)
    actions = AuditEntry.objects.filter(action__startswith="resumption.").order_by("pk")
    assert [entry.action for entry in actions] == ["resumption.confirmed", "resumption.done"]
    assert not Incident.objects.exists()
    [invoice] = gateway().paid_invoices(paused.at - timedelta(days=1))[0]
    assert check_paid_invoice(invoice=invoice, at=paused.at) is False


def test_a_second_click_and_a_second_person_pay_nothing_more(paused: Paused) -> None:
    paused.card()
    paused.desk.fault("reset_after", path="/resume")
    first = paused.resume()
    assert first.state == State.CONFIRMED

    assert paused.resume().pk == first.pk
    wish = paused.carry(minutes=3)

    assert (wish.pk, wish.state) == (first.pk, State.DONE)
    assert paused.paid() == [50000]
    with pytest.raises(NotPaused):
        paused.resume()
    assert Resumption.objects.count() == 1


def test_another_price_than_the_shown_one_charges_nothing(paused: Paused) -> None:
    paused.card()

    with pytest.raises(QuoteChanged):
        paused.resume(agreed=49999)

    assert not Resumption.objects.exists()
    assert (paused.paid(), paused.asked()) == ([], 0)


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "rate_limit", "error500_with_effect"])
def test_a_lost_answer_is_carried_on(paused: Paused, kind: str) -> None:
    paused.card()
    paused.desk.fault(kind, path="/resume")

    assert paused.resume().state == State.CONFIRMED
    wish = paused.carry(minutes=3)

    assert (wish.state, wish.charged_total, paused.paid()) == (State.DONE, 50000, [50000])


def test_an_answered_error_without_effect_ends_it_and_it_can_be_asked_for_again(paused: Paused) -> None:
    paused.card()
    paused.desk.fault("error500_no_effect", path="/resume")
    paused.resume()

    for hours in (0.1, 0.2, 0.5, 1, 1.5, 8, 15):
        wish = paused.carry(hours=hours)

    assert (wish.state, wish.error, paused.asked()) == (State.FAILED, "not_executed", 1)
    assert told() == ["paused", "resumption_unpaid"]
    assert paused.resume().state == State.DONE
    assert paused.paid() == [50000]


def test_with_a_key_that_stripe_may_have_forgotten_nothing_is_sent(paused: Paused) -> None:
    paused.card()
    paused.desk.fault("reset_before", path="/resume")
    paused.resume()
    sent = paused.asked()

    wish = paused.carry(hours=21)

    assert (wish.state, wish.error) == (State.FAILED, "not_executed")
    assert (paused.asked(), paused.paid()) == (sent, [])


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_every_step_it_charges_once(paused: Paused, child_environment: dict[str, str], step: str) -> None:
    paused.card()

    child = subprocess.run(
        [sys.executable, "-m", "tests.killing_resumption", step, paused.account.public_id, paused.at.isoformat()],
        env={**child_environment, "DJANGO_SETTINGS_MODULE": "seatportal.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert Resumption.objects.get().state == State.CONFIRMED
    wish = paused.carry(minutes=3)

    assert (wish.state, wish.charged_total, paused.paid()) == (State.DONE, 50000, [50000])
    assert paused.pool.frozen == ""


def test_a_declined_card_leaves_it_paused_until_another_one_pays(paused: Paused, client_of: ClientOf) -> None:
    paused.card("pm_card_chargeCustomerFail")

    wish = paused.resume()

    assert (wish.state, wish.payment_needs, wish.decline_code) == (State.AWAITING_PAYMENT, "card", "generic_decline")
    assert (paused.desk.status(paused.stripe_id), paused.pool.frozen, paused.paid()) == ("paused", "paused_unpaid", [])
    assert told() == ["paused", "resumption_unpaid"]
    with pytest.raises(PaymentDeclined):
        pay_resumption(account=paused.account, actor=paused.actor, at=paused.at)
    text = client_of(paused.owner).get(f"/a/{paused.account.slug}/plan/restart/").content.decode()
    assert "Your card was declined. You were not charged, and the subscription stays paused." in text

    paused.card()
    wish = pay_resumption(account=paused.account, actor=paused.actor, at=paused.at)

    assert (wish.state, wish.charged_total, paused.paid()) == (State.DONE, 50000, [50000])
    assert paused.pool.frozen == ""


def test_a_payment_on_stripes_page_is_seen_by_the_event_of_it(paused: Paused) -> None:
    paused.card("pm_card_chargeCustomerFail")
    wish = paused.resume()
    good = paused.desk.card(paused.customer_id)
    paused.desk.client.v1.invoices.pay(wish.invoice_stripe_id, {"payment_method": good})

    refresh_subscription(stripe_id=paused.stripe_id, at=paused.at)

    wish.refresh_from_db()
    assert (wish.state, wish.charged_total, paused.pool.frozen) == (State.DONE, 50000, "")


def test_it_is_stopped(paused: Paused) -> None:
    paused.card("pm_card_chargeCustomerFail")
    wish = paused.resume()

    stopped = stop_resumption(account=paused.account, actor=paused.actor, at=paused.at)

    assert (stopped.pk, stopped.state) == (wish.pk, State.ABANDONED)
    assert (paused.desk.status(paused.stripe_id), paused.paid()) == ("paused", [])
    paused.card()
    assert paused.resume().state == State.DONE
    assert paused.paid() == [50000]


def test_a_year_is_committed_to_when_it_is_paid_and_not_by_the_pause(
    owner: Membership, desk: Desk, now: datetime
) -> None:
    paused = pause(owner, desk, now, interval="year")
    assert not Terms.objects.filter(committed_quantity__gt=0).exists()
    paused.card("pm_card_chargeCustomerFail")
    wish = paused.resume(agreed=None)
    assert wish.state == State.AWAITING_PAYMENT
    assert not Terms.objects.filter(committed_quantity__gt=0).exists()

    paused.card()
    pay_resumption(account=paused.account, actor=paused.actor, at=paused.at)

    assert Terms.objects.get().committed_quantity == 10


def test_what_somebody_paused_at_stripe_is_resumed_by_staff_only(funded: Funded, now: datetime, staff: Client) -> None:
    funded.desk.client.v1.subscriptions.pause(funded.stripe_id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    refresh_subscription(stripe_id=funded.stripe_id, at=now)
    assert told() == ["paused"]
    assert "directly at the payment service" in str(mail_of(Notice.objects.get()).body)
    with pytest.raises(NotSelfService):
        resume_paused(account=funded.account, actor=funded.actor, at=now, agreed=50000)
    assert not Resumption.objects.exists()
    row = Subscription.objects.get(stripe_id=funded.stripe_id)

    url = reverse("admin:billing_subscription_act", args=[row.pk, "resume"])
    answer = staff.post(url, {"reason": "They called"}, follow=True)

    assert "Resumed. Charged: $" in answer.content.decode()
    wish = Resumption.objects.get()
    assert (wish.state, wish.reason) == (State.DONE, "They called")
    assert funded.desk.status(funded.stripe_id) == "active"


def test_nothing_that_runs_is_resumed(funded: Funded, now: datetime) -> None:
    with pytest.raises(NotPaused):
        resume_paused(account=funded.account, actor=funded.actor, at=now, agreed=50000)

    assert not Resumption.objects.exists()


def test_without_stripe_there_is_no_price_and_no_charge(paused: Paused) -> None:
    paused.card()
    paused.desk.fault("error500_no_effect", path="/create_preview", times=2)

    with pytest.raises(ProviderUnavailable):
        paused.resume()

    assert not Resumption.objects.exists()


def test_the_pages_ask_for_a_card_then_name_the_price(paused: Paused, client_of: ClientOf) -> None:
    client, base = client_of(paused.owner), f"/a/{paused.account.slug}/plan/"
    text = " ".join(client.get(base).content.decode().split())
    assert "The trial has ended without a card, and the subscription is paused" in text
    assert "Add a card" in text
    assert "Add seats" not in text
    assert "Next invoice on" not in text
    assert text.count("Add a card") == 3  # The banner's sentence, the button, and the card's own box.
    assert "First a card" in client.get(f"{base}restart/").content.decode()
    paused.card()

    page = client.get(f"{base}restart/").content.decode()
    assert "Pay $500.00 and resume subscription" in page
    assert 'name="due" value="50000"' in page
    answer = client.post(f"{base}restart/", {"due": "1"})
    assert answer.status_code == 409
    assert "this price" in answer.content.decode()
    assert paused.paid() == []
    text = client.post(f"{base}restart/", {"due": "50000"}, follow=True).content.decode()

    assert "The subscription goes on, and the seats work again. Charged: $500.00." in " ".join(text.split())
    assert paused.paid() == [50000]


def test_who_may_not_manage_billing_resumes_nothing(
    paused: Paused, client_of: ClientOf, outsider: Membership, now: datetime
) -> None:
    mia = join(paused.account, "Mia", Role.MEMBER, now)
    paused.card()
    for part in ("", "pay/", "stop/"):
        url = f"/a/{paused.account.slug}/plan/restart/{part}"
        assert client_of(mia).post(url, {"due": "50000"}).status_code == 403
        assert client_of(outsider).post(url, {"due": "50000"}).status_code == 404

    assert not Resumption.objects.exists()


def test_a_charge_that_differs_opens_an_incident(paused: Paused, monkeypatch: pytest.MonkeyPatch) -> None:
    paused.card()
    real = price_resumption(account=paused.account)
    cheaper = type(real)(**{**real.__dict__, "total": 40000, "amount_due": 40000})
    monkeypatch.setattr("billing.changes.resume_paused.price_resumption", lambda **_: cheaper)

    wish = paused.resume(agreed=40000)

    assert (wish.state, wish.charged_total) == (State.DONE, 50000)
    incident = Incident.objects.get()
    assert (incident.quoted, incident.charged, incident.difference) == (40000, 50000, 10000)


def test_the_collection_of_invoices_paused_at_stripe_is_told_once_each_way(funded: Funded, now: datetime) -> None:
    update = funded.desk.client.v1.subscriptions.update
    for _ in range(2):
        update(funded.stripe_id, {"pause_collection": {"behavior": "void"}})
        refresh_subscription(stripe_id=funded.stripe_id, at=now)
        refresh_subscription(stripe_id=funded.stripe_id, at=now)
        update(funded.stripe_id, {"pause_collection": ""})
        refresh_subscription(stripe_id=funded.stripe_id, at=now)

    assert told() == ["paused", "unpaused", "paused", "unpaused"]
