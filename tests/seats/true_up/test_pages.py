"""The pages of the true-up: due or not, reviewed, priced, confirmed, failed, proved."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from billing.models import QuantityChange, ScheduledDecrease
from seats.models import TrueUp
from seats.true_up.run_true_ups import run_true_ups
from tests.conftest import Funded, join, make_user
from tests.seats.true_up.conftest import Team, agree
from tests.seats.true_up.quarters import counted, held, pass_time, soften, start, unanswered

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[Membership], Client]


def text_of(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


def page(funded: Funded, name: str, *ids: str) -> str:
    return reverse(f"seats:{name}", args=[funded.account.slug, *ids])


@pytest.fixture
def at_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """What the pages take for now."""
    return lambda moment: monkeypatch.setattr("seats.views.true_ups.now", lambda: moment)


def test_nothing_agreed_and_none_due(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    client = client_of(funded.owner)
    assert "No true-up is agreed" in text_of(client.get(page(funded, "true_ups")))

    start(funded, now)
    text = text_of(client.get(page(funded, "true_ups")))

    assert "No true-up is due. The quarter runs from" in text
    assert "you are told 28 days before its end." in text
    overview = text_of(client.get(reverse("seats:overview", args=[funded.account.slug])))
    assert "true-up" not in overview


def test_review_choose_and_confirm(
    funded: Funded, team: Team, now: datetime, client_of: ClientOf, at_time: Callable[[datetime], None]
) -> None:
    start(funded, now)
    run, moment = counted(funded, team, now, busy=7, idle=3)
    at_time(moment)
    client, url = client_of(funded.owner), page(funded, "true_up", run.public_id)
    idle = [person.membership for person in run.people.select_related("membership__user").order_by("pk")]

    text = text_of(client.get(url))
    assert all(str(member.user) in text for member in idle)
    assert "3 seats are released now." in text
    assert "there are 7 seats instead of 10." in text
    assert "The next invoice is $350.00 instead of $500.00." in text
    assert "Release 3 seats</button>" in text
    assert page(funded, "true_up", run.public_id) in text_of(
        client.get(reverse("seats:overview", args=[funded.account.slug]))
    )

    decide = page(funded, "true_up_decide", run.public_id)
    keep = {f"keep-{idle[0].public_id}": "keep", f"keep-{idle[1].public_id}": "release"}
    answer = client.post(decide, {**keep, "renew": "7", "confirm": "1"}, follow=True)
    assert "The choices changed the result. Check it, then confirm." in text_of(answer)
    assert "Release 2 seats</button>" in text_of(answer)
    run.refresh_from_db()
    assert (run.state, held(funded)) == (TrueUp.State.REVIEW, 10)

    settled = client.post(decide, {**keep, "renew": "8", "confirm": "1"}, follow=True)

    run.refresh_from_db()
    assert (run.state, run.decided_by, held(funded)) == (TrueUp.State.SETTLED, funded.owner.user, 8)
    assert ScheduledDecrease.objects.get().renew_quantity == 8
    text = text_of(settled)
    assert "The true-up is settled." in text
    assert run.seal in text
    bundle = client.get(page(funded, "true_up_json", run.public_id))
    assert json.loads(bundle.content)["seal"] == run.seal
    assert bundle["Content-Disposition"] == f'attachment; filename="true-up-acme-{run.first_day}.json"'
    assert client.get(page(funded, "true_up_csv", run.public_id)).content.startswith(
        b"number,kind,hash,data\n0,header,"
    )
    again = client.post(decide, {"renew": "8", "confirm": "1"})
    assert again.status_code == 409
    assert "decided already" in text_of(again)


def test_the_button_has_the_price_and_charges_it(
    funded: Funded, team: Team, now: datetime, client_of: ClientOf, at_time: Callable[[datetime], None]
) -> None:
    start(funded, now)
    soften(funded.account, now)
    run, moment = counted(funded, team, now, busy=11, idle=1)
    at_time(moment)
    client = client_of(funded.owner)
    shown = client.get(page(funded, "true_up", run.public_id))
    quote = shown.context["quote"]
    assert quote.added == 2
    assert f"Pay ${quote.amount_due / 100:.2f} for 2 seats and release 1 seat</button>" in text_of(shown)

    client.post(
        page(funded, "true_up_decide", run.public_id),
        {"quote_id": quote.public_id, "renew": str(shown.context["effect"].renew), "confirm": "1"},
    )

    run.refresh_from_db()
    change = QuantityChange.objects.get()
    assert (run.state, run.change) == (TrueUp.State.SETTLED, change)
    assert (change.state, change.charged_due, change.user) == ("applied", quote.amount_due, funded.owner.user)
    assert (funded.desk.quantity(funded.stripe_id), held(funded)) == (12, 11)


def test_a_card_that_declines_leads_to_the_payment_and_takes_nothing(
    funded: Funded, team: Team, now: datetime, client_of: ClientOf, at_time: Callable[[datetime], None]
) -> None:
    start(funded, now)
    soften(funded.account, now)
    run, moment = counted(funded, team, now, busy=11, idle=1)
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")
    at_time(moment)
    client = client_of(funded.owner)
    shown = client.get(page(funded, "true_up", run.public_id))

    answer = client.post(
        page(funded, "true_up_decide", run.public_id),
        {
            "quote_id": shown.context["quote"].public_id,
            "renew": str(shown.context["effect"].renew),
            "confirm": "1",
        },
    )

    change = QuantityChange.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page(funded, "purchase", change.public_id))
    run.refresh_from_db()
    assert (run.state, change.state, held(funded)) == (TrueUp.State.CONFIRMED, "awaiting_payment", 12)
    assert funded.desk.quantity(funded.stripe_id) == 10


def test_a_failed_one_says_why_and_can_be_paid(
    funded: Funded, team: Team, now: datetime, client_of: ClientOf, at_time: Callable[[datetime], None]
) -> None:
    start(funded, now, "all")
    soften(funded.account, now)
    run, moment = counted(funded, team, now, busy=12, idle=0)
    later = pass_time(funded, moment, moment + timedelta(days=7))
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")
    run_true_ups(at=later)
    funded.desk.card(funded.customer.stripe_id)
    at_time(later)
    client = client_of(funded.owner)

    shown = client.get(page(funded, "true_up", run.public_id))
    assert "The true-up could not be charged. The card was declined." in text_of(shown)
    assert "Nobody lost a seat." in text_of(shown)
    quote = shown.context["quote"]
    client.post(page(funded, "true_up_decide", run.public_id), {"quote_id": quote.public_id, "confirm": "1"})

    run.refresh_from_db()
    assert (run.state, run.attempts) == (TrueUp.State.SETTLED, 2)
    assert funded.desk.quantity(funded.stripe_id) == 12


def test_billing_sees_it_and_admins_decide(
    funded: Funded, team: Team, now: datetime, client_of: ClientOf, at_time: Callable[[datetime], None]
) -> None:
    billing = join(funded.account, "Bill", "billing", now)
    start(funded, now)
    run, moment = counted(funded, team, now, busy=8, idle=2)
    at_time(moment)
    client = client_of(billing)

    text = text_of(client.get(page(funded, "true_up", run.public_id)))
    assert "Will be released" in text
    assert 'name="confirm"' not in text
    refused = client.post(page(funded, "true_up_decide", run.public_id), {"renew": "8", "confirm": "1"})

    assert refused.status_code == 403
    run.refresh_from_db()
    assert (run.state, held(funded)) == (TrueUp.State.REVIEW, 10)
    assert client.get(page(funded, "true_up_json", run.public_id)).status_code == 404


def test_staff_run_it_again_and_recompute_it(funded: Funded, team: Team, now: datetime, settings: object) -> None:
    settings.STAFF_NEED_MFA = False  # type: ignore[attr-defined]
    start(funded, now)
    run, moment = counted(funded, team, now, busy=8, idle=2)
    unanswered(funded, moment)
    staff = make_user("Imani", domain="vendor.example", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("admin:seats_trueup_changelist")

    for action, words in (("verify", "the evidence is equal"), ("run_again", "Settled")):
        answer = client.post(url, {"action": action, "_selected_action": [run.pk]}, follow=True)
        assert words in text_of(answer)
    bundle = client.post(url, {"action": "download", "_selected_action": [run.pk]})
    assert json.loads(bundle.content)["header"]["true_up"] == run.public_id
    assert client.get(reverse("admin:seats_trueup_change", args=[run.pk])).status_code == 200


def test_the_plan_and_the_limit_say_what_is_agreed(funded: Funded, client_of: ClientOf) -> None:
    client = client_of(funded.owner)
    plan, limit = reverse("billing:plan", args=[funded.account.slug]), page(funded, "policy")
    assert "All seats are charged</a>" in text_of(client.get(plan))
    assert "A quarterly true-up is agreed" not in text_of(client.get(limit))

    agree(funded, "hybrid")

    assert "All seats are charged, idle ones leave at the quarterly true-up</a>" in text_of(client.get(plan))
    assert "A quarterly true-up is agreed" in text_of(client.get(limit))
