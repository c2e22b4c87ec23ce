"""“Money: needs someone”: each number is that of the list behind it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Membership
from billing.changes.buy_quote import accept_quote
from billing.models import Drift, Incident, QuantityChange, Reconciliation, StripeEvent, Subscription
from billing.quotes.quote_quantity import quote_quantity
from tests.conftest import Funded
from tests.seatportal.test_staff import BACKEND, staff_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(staff_user(), backend=BACKEND)
    return client


def make_dead(event_id: str, funded: Funded, now: datetime, **fields: object) -> None:
    values: dict[str, object] = {
        "kind": "invoice.paid",
        "object_id": funded.desk.invoices(funded.stripe_id)[0]["id"],
        "customer_stripe_id": funded.customer.stripe_id,
        "subscription_stripe_id": funded.stripe_id,
        "stripe_created": now,
        "payload": {},
        "state": "dead",
        "tries": 8,
        "last_error": "ServerError: down",
    }
    StripeEvent.objects.create(event_id=event_id, **(values | fields))


def test_nothing_waits(staff: Client, db: None) -> None:
    assert "Nothing about money waits for anybody" in staff.get(reverse("admin:index")).content.decode()
    assert {need.count for need in staff.get(reverse("admin:money")).context["needs"]} == {0}


def test_each_number_is_that_of_its_list(staff: Client, funded: Funded, now: datetime) -> None:
    common: dict[str, Any] = {"account": funded.account, "subscription": funded.subscription}
    incidents = ["high open", "high open", "low open", "high acknowledged", "high resolved"]
    for number, (gravity, state) in enumerate(text.split() for text in incidents):
        values = {"gravity": gravity, "state": state, "invoice_stripe_id": f"in_{number}", **common}
        Incident.objects.create(kind="charge_differs", **values)
    for severity, state in [("grave", "found"), ("warning", "found"), ("grave", "repaired")]:
        values = {"severity": severity, "state": state, "subject": severity + state, **common}
        Drift.objects.create(kind="ledger", first_seen=now, last_seen=now, **values)
    make_dead("evt_1", funded, now)
    make_dead("evt_2", funded, now, state="done")
    make_dead("evt_3", funded, now, state="refused")
    make_dead("evt_4", funded, now, state="waiting")
    StripeEvent.objects.filter(pk="evt_4").update(received_at=now - timedelta(hours=1))
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)
    change = accept_quote(quote=quote, actor=funded.actor, at=now)
    QuantityChange.objects.filter(pk=change.pk).update(state="conflict")
    Subscription.objects.update(frozen="shape", frozen_at=now)

    needs = staff.get(reverse("admin:money")).context["needs"]

    assert [(str(need.label), need.count, need.grave) for need in needs if need.count] == [
        ("Incidents: more was charged than quoted, or money and seats do not agree", 2, True),
        ("Purchases whose evidence disagrees", 1, True),
        ("Grave differences to Stripe", 1, True),
        ("Events of Stripe that were given up on", 1, True),
        ("Subscriptions with self-service stopped", 1, False),
        ("Incidents that somebody is on", 1, False),
        ("Incidents in the customer's favour", 1, False),
        ("Differences to Stripe that want one click", 1, False),
        ("Events of the other mode, refused", 1, False),
        ("Events that wait for longer than a quarter of an hour", 1, False),
    ]
    for need in needs:
        listed = staff.get(need.url)
        assert listed.status_code == 200, need.url
        assert listed.context["cl"].result_count == need.count, need.url
    assert "5 things about money need somebody now" in staff.get(reverse("admin:index")).content.decode()


def test_customers_do_not_see_it(owner: Membership) -> None:
    customer = Client()
    customer.force_login(owner.user, backend=BACKEND)

    assert customer.get(reverse("admin:money")).status_code == 302


def test_a_frozen_subscription_is_let_go_on_from_its_page(staff: Client, funded: Funded, now: datetime) -> None:
    Subscription.objects.update(frozen="shape", frozen_at=now)
    page = reverse("admin:billing_subscription_change", args=[funded.subscription.pk])
    url = reverse("admin:billing_subscription_act", args=[funded.subscription.pk, "unfreeze"])
    assert "Allow self-service again" in staff.get(page).content.decode()

    staff.post(url, {"reason": "Price agreed"})

    assert Subscription.objects.get().frozen == ""
    entry = AuditEntry.objects.get(action="subscription.unfrozen")
    assert (entry.summary, entry.door) == ("Price agreed", "admin")
    assert "Allow self-service again" not in staff.get(page).content.decode()


def test_drift_is_counted_anew_from_its_page(staff: Client, funded: Funded, now: datetime) -> None:
    from billing.reconcile.reconcile import reconcile_everybody
    from seats.models import SeatPool

    SeatPool.objects.filter(account=funded.account).update(purchased=12)
    reconcile_everybody(at=now)
    drift = Drift.objects.get()
    page = reverse("admin:billing_drift_change", args=[drift.pk])
    assert "Count anew" in staff.get(page).content.decode()

    staff.post(reverse("admin:billing_drift_act", args=[drift.pk, "repair"]), {"reason": "Restored from a copy"})

    drift.refresh_from_db()
    assert (drift.state, drift.note) == ("repaired", "Restored from a copy")
    assert SeatPool.objects.get(account=funded.account).purchased == 10


def test_dead_letters_are_replayed_by_command(
    funded: Funded, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    make_dead("evt_1", funded, now)
    make_dead("evt_2", funded, now, object_id="in_gone")
    make_dead("evt_3", funded, now, state="refused")

    with pytest.raises(CommandError, match="The others wait"):
        call_command("replay_events", "--dead")

    assert capsys.readouterr().out == "1 of 2 events are handled.\n"
    assert dict(StripeEvent.objects.values_list("pk", "state")) == {
        "evt_1": "done",
        "evt_2": "waiting",
        "evt_3": "refused",
    }
    with pytest.raises(CommandError, match="evt_3, evt_9"):
        call_command("replay_events", "--id", "evt_3", "evt_9")
    call_command("replay_events", "--id", "evt_1")
    assert capsys.readouterr().out == "1 of 1 events are handled.\n"


def test_the_comparison_by_command(funded: Funded, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    call_command("reconcile_stripe", "--json", "--account", funded.account.slug)
    line = json.loads(capsys.readouterr().out)
    assert line == {"checked": 2, "found": 0, "repaired": 0, "failed": 0, "errors": [], "open": 0}

    call_command("reconcile_stripe")
    assert capsys.readouterr().out == "2 checked, 0 found, 0 repaired, 0 failed, 0 open.\n"
    with pytest.raises(CommandError, match="no account 'nobody'"):
        call_command("reconcile_stripe", "--account", "nobody")


def test_the_comparison_by_button(staff: Client, funded: Funded, now: datetime) -> None:
    listed, start = reverse("admin:billing_reconciliation_changelist"), reverse("admin:billing_reconciliation_start")
    assert "Compare with Stripe now" in staff.get(listed).content.decode()
    staff.get(start)
    assert not Reconciliation.objects.exists()

    assert staff.post(start).status_code == 302

    assert Reconciliation.objects.get().finished_at is None
    staff.post(start)
    assert Reconciliation.objects.count() == 1


def test_one_account_is_compared_from_its_subscription(staff: Client, funded: Funded) -> None:
    item = funded.subscription.items.get().stripe_id
    funded.desk.client.v1.subscriptions.update(funded.stripe_id, {"items": [{"id": item, "quantity": 15}]})
    selected = {"action": "compare", "_selected_action": str(funded.subscription.pk)}

    page = staff.post(reverse("admin:billing_subscription_changelist"), selected, follow=True)

    assert "Acme: 1 found, 1 repaired, 0 failed." in page.content.decode()
    assert [drift.kind for drift in Drift.objects.all()] == ["quantity"]
