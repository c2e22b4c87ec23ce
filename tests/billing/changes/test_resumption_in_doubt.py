"""A resumption whose reads fail, or whose payment comes while it is stopped: nothing is said that is not known."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from billing.models import Resumption, Subscription
from tests.billing.changes.test_resume_paused import Paused, paused, staff

__all__ = ["paused", "staff"]

pytestmark = pytest.mark.django_db(transaction=True)
State = Resumption.State


def test_a_read_that_fails_before_the_call_does_not_keep_it_from_being_sent(paused: Paused) -> None:
    paused.card()
    paused.desk.fault("error500_no_effect", method="GET", path="/v1/subscriptions/", times=2)
    wish = paused.resume()
    assert (wish.state, wish.got_server_error, paused.asked()) == (State.CONFIRMED, False, 0)

    wish = paused.carry(minutes=5)

    assert (wish.state, wish.charged_total, paused.paid()) == (State.DONE, 50000, [50000])


def test_a_refused_read_after_a_lost_answer_is_no_refusal_of_the_call(paused: Paused) -> None:
    paused.card()
    paused.desk.fault("reset_after", path="/resume")
    wish = paused.resume()
    assert (wish.state, wish.calls) == (State.CONFIRMED, 1)
    paused.desk.fault("no_permission", method="GET", path="/v1/subscriptions/")

    assert paused.carry(minutes=5).state == State.CONFIRMED

    wish = paused.carry(minutes=50)
    assert (wish.state, wish.charged_total, paused.paid()) == (State.DONE, 50000, [50000])


def test_who_stops_what_was_just_paid_is_told_that_it_was(
    paused: Paused, client_of: Callable[[Membership], Client]
) -> None:
    paused.card("pm_card_chargeCustomerFail")
    wish = paused.resume()
    assert wish.state == State.AWAITING_PAYMENT
    method = paused.desk.card(paused.customer_id)
    paused.desk.client.v1.invoices.pay(wish.invoice_stripe_id, {"payment_method": method})

    page = client_of(paused.owner).post(reverse("billing:restart-stop", args=[paused.account.slug]), follow=True)

    wish.refresh_from_db()
    assert (wish.state, paused.paid()) == (State.DONE, [50000])
    text = page.content.decode()
    assert "Nothing was charged" not in text
    assert "The subscription goes on, and the seats work again. Charged: $500.00." in text


def test_staff_do_not_read_that_nothing_was_charged_while_that_is_not_known(paused: Paused, staff: Client) -> None:
    paused.card()
    paused.desk.fault("reset_after", path="/resume")
    url = reverse("admin:billing_subscription_act", args=[Subscription.objects.get().pk, "resume"])

    page = staff.post(url, {"reason": "Asked by phone"}, follow=True)

    assert paused.paid() == [50000]
    assert "what came of it is not known yet" in page.content.decode()
    assert "Nothing was charged" not in page.content.decode()
