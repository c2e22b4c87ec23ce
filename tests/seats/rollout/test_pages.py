"""Plans and tranches in the browser: what they show, what they refuse, and what a click does."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.members.structure import add_place
from accounts.models import Membership
from billing.models import QuantityChange
from seats.models import RolloutPlan, SeatPool, Tranche
from seats.rollout.plans import end_rollout
from seats.rollout.run_tranches import run_due_tranches
from tests.conftest import Funded, make_account
from tests.seatportal.test_staff import BACKEND, staff_user
from tests.seats.rollout.steps import open_plan, scheduled, team

pytestmark = pytest.mark.django_db(transaction=True)
Browser = Callable[[Membership], Client]
State = Tranche.State
DAY = timedelta(days=1)


def page(funded: Funded, name: str, *args: str) -> str:
    return reverse(f"seats:{name}", args=[funded.account.slug, *args])


def test_a_plan_is_opened_and_seats_are_scheduled_after_a_look_at_the_price(
    funded: Funded, client_of: Browser, now: datetime
) -> None:
    browser = client_of(funded.owner)
    sales = add_place(account=funded.account, kind="department", name="Sales", actor=funded.actor, at=now)
    assert "No rollout is planned" in browser.get(page(funded, "rollouts")).content.decode()
    answer = browser.post(page(funded, "rollout_new"), {"name": "Sales in 2027", "budget_month": "4"})
    plan = RolloutPlan.objects.get()
    assert answer["Location"] == page(funded, "rollout", plan.public_id)

    add = page(funded, "tranche_add", plan.public_id)
    shown = browser.post(add, {"quantity": "10", "due_on": now.date().isoformat(), "gate_percent": "80", "price": "1"})

    text = shown.content.decode()
    assert shown.status_code == 200
    assert "An estimate by today’s prices, no promise" in text
    assert 'name="ceiling" value="400.00"' in text
    assert not Tranche.objects.exists()

    values = {
        "quantity": "10",
        "due_on": (now.date() + DAY).isoformat(),
        "department": sales.public_id,
        "owner": funded.owner.user.email,
        "gate_percent": "75",
        "po_number": "PO-1",
        "ceiling": "400.5",
    }
    assert browser.post(add, values)["Location"] == page(funded, "rollout", plan.public_id)

    tranche = Tranche.objects.get()
    assert (tranche.quantity, tranche.gate_percent, tranche.ceiling, tranche.po_number) == (10, 75, 40_050, "PO-1")
    assert (tranche.department, tranche.agreed_by) == (sales, funded.owner.user)
    listed = browser.get(page(funded, "rollout", plan.public_id)).content.decode()
    assert "$400.50" in listed
    assert "75 % active" in listed
    assert "Budget year" in listed


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ceiling", "", "This field is required."),
        ("ceiling", "10.001", "decimal"),
        ("ceiling", "-1", "greater than or equal to 0"),
        ("quantity", "0", "greater than or equal to 1"),
        ("quantity", "41", "Up to 50 seats can be bought here."),
        ("due_on", "2020-01-01", "Choose a day from today on, within three years."),
        ("owner", "oscar@elsewhere.example", "Nobody with this address is in the account."),
        ("gate_percent", "101", "less than or equal to 100"),
    ],
)
def test_what_makes_no_sense_is_named_at_its_field(
    funded: Funded, client_of: Browser, now: datetime, name: str, value: str, says: str
) -> None:
    make_account("Elsewhere", now, owner="Oscar", domain="elsewhere.example")
    plan = open_plan(funded)
    values = {"quantity": "10", "due_on": now.date().isoformat(), "owner": funded.owner.user.email, "ceiling": "400"}

    answer = client_of(funded.owner).post(page(funded, "tranche_add", plan.public_id), {**values, name: value})

    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Tranche.objects.exists()


def test_a_held_one_says_why_and_is_released_by_a_click(funded: Funded, client_of: Browser, now: datetime) -> None:
    team(funded, now, busy=5)
    tranche = scheduled(funded, now, gate_percent=80, ceiling=40_000)
    run_due_tranches(at=now)
    browser, here = client_of(funded.owner), page(funded, "tranche", tranche.public_id)
    text = browser.get(here).content.decode()
    assert "5 of 10 seats are active (50 %); 80 % are needed." in text
    assert "Release anyway and pay at most $400.00" in text

    refused = browser.post(page(funded, "tranche_release", tranche.public_id), {"reason": " "})
    assert refused.status_code == 422
    assert not QuantityChange.objects.exists()
    answer = browser.post(page(funded, "tranche_release", tranche.public_id), {"reason": "New office"})

    assert answer["Location"] == here
    tranche.refresh_from_db()
    assert tranche.state == State.BOUGHT
    assert funded.desk.quantity(funded.stripe_id) == 20
    shown = browser.get(here).content.decode()
    assert "New office" in shown
    assert "$400.00" in shown


def test_changing_agrees_anew_and_cancelling_buys_nothing(funded: Funded, client_of: Browser, now: datetime) -> None:
    tranche = scheduled(funded, now, ceiling=100)
    run_due_tranches(at=now)
    browser = client_of(funded.owner)
    change = page(funded, "tranche_change", tranche.public_id)
    assert 'value="1.00"' in browser.get(change).content.decode()
    values = {"quantity": "2", "due_on": (now.date() + DAY).isoformat(), "owner": funded.owner.user.email}

    browser.post(change, {**values, "ceiling": "80"})

    tranche.refresh_from_db()
    assert (tranche.state, tranche.held_code, tranche.quantity, tranche.ceiling) == (State.PLANNED, "", 2, 8_000)
    answer = browser.post(page(funded, "tranche_cancel", tranche.public_id))
    assert answer["Location"] == page(funded, "rollout", tranche.plan.public_id)
    assert run_due_tranches(at=now + 2 * DAY) == 0
    again = browser.post(page(funded, "tranche_retry", tranche.public_id))
    assert again.status_code == 409
    assert not QuantityChange.objects.exists()


def test_ending_a_plan_cancels_what_is_not_bought(funded: Funded, client_of: Browser, now: datetime) -> None:
    plan = open_plan(funded)
    bought, waits = scheduled(funded, now, plan, quantity=1), scheduled(funded, now, plan, due_on=now.date() + DAY)
    run_due_tranches(at=now)
    browser, url = client_of(funded.owner), page(funded, "rollout_end", plan.public_id)
    assert "1 tranche that is not bought yet is cancelled." in browser.get(url).content.decode()

    browser.post(url)

    states = dict(Tranche.objects.values_list("pk", "state"))
    assert states == {bought.pk: State.BOUGHT, waits.pk: State.CANCELLED}
    assert browser.post(url).status_code == 302  # a second click changes nothing
    assert RolloutPlan.objects.get().ended_at is not None
    assert browser.get(page(funded, "rollout", plan.public_id)).status_code == 200
    with pytest.raises(Exception, match="ended"):
        end_rollout(account=funded.account, plan_id=plan.public_id, actor=funded.actor, at=now)


def test_without_a_subscription_there_is_nothing_to_schedule(owner: Membership, client_of: Browser) -> None:
    plan = RolloutPlan.objects.create(account=owner.account, name="Later")
    answer = client_of(owner).get(reverse("seats:tranche_add", args=[owner.account.slug, plan.public_id]))
    assert "There is no subscription yet" in answer.content.decode()


def test_many_at_once_while_few_are_used_are_advised_against_and_never_refused(
    funded: Funded, client_of: Browser, now: datetime
) -> None:
    team(funded, now, busy=5)
    pool = SeatPool.objects.filter(account=funded.account)
    browser, add = client_of(funded.owner), page(funded, "add")
    assert "Start with 10" not in browser.get(add, {"add": "40"}).content.decode()  # not judged in the first 30 days
    pool.update(began_at=now - 31 * DAY)

    text = browser.get(add, {"add": "40"}).content.decode()

    assert "Start with 10" in text
    assert "5 of 10 seats were active in the last 30 days (50 %)" in text
    assert "and add 40 seats</button>" in text
    assert "Start with 10" not in browser.get(add, {"add": "10"}).content.decode()


def test_staff_see_what_is_scheduled(funded: Funded, now: datetime) -> None:
    tranche = scheduled(funded, now, ceiling=100)
    run_due_tranches(at=now)
    staff = Client()
    staff.force_login(staff_user(), backend=BACKEND)

    account = staff.get(reverse("admin:seats_signal_account", args=[funded.account.pk])).content.decode()
    plan = staff.get(reverse("admin:seats_rolloutplan_change", args=[tranche.plan_id]))

    assert "10 seats, Held (price_above_ceiling)" in " ".join(account.split())
    assert plan.status_code == 200
