"""Events that no database would take, and events that kill whoever handles them: kept, and given up on like others."""

import signal
from datetime import datetime, timedelta
from typing import Any

import pytest

from billing.admin.needs import money_needs
from billing.inbox.handle_event import CLAIMED, LEASE, MOST_TRIES, handle_waiting_events, replay_event
from billing.models import StripeEvent
from tests.billing.inbox.deliver import deliver, snapshot, thin
from tests.billing.inbox.test_batch import waiting
from tests.conftest import Funded
from tests.dying import run_and_die

pytestmark = pytest.mark.django_db(transaction=True)
State = StripeEvent.State
NUL = "\N{SYMBOL FOR NULL}"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a\0b", f"a{NUL}b"),
        ("\0", NUL),
        ("\ud83d alone", "\N{REPLACEMENT CHARACTER} alone"),
        ("\\u0000 in words", "\\u0000 in words"),
        ("\N{GRINNING FACE} whole", "\N{GRINNING FACE} whole"),
    ],
)
def test_text_that_no_column_takes_is_kept_with_signs(sent: str, kept: str) -> None:
    thing: dict[str, Any] = {
        "id": "cus_1", "object": "customer", "name": sent, "metadata": {sent: [sent, 1, None, True]}, "customer": None,
    }  # fmt: skip

    assert [deliver(snapshot("evt_1", "customer.updated", thing)).status_code for _ in range(2)] == [200, 200]

    row = StripeEvent.objects.get()
    there = row.payload["data"]["object"]
    assert (there["name"], there["metadata"]) == (kept, {kept: [kept, 1, None, True]})
    assert (row.object_id, row.customer_stripe_id, row.state) == ("cus_1", "cus_1", State.WAITING)
    assert handle_waiting_events(at=row.received_at) == 1


def test_ids_that_no_column_takes_are_kept_shortened(now: datetime) -> None:
    long, nul = "x" * 300, "in_\0"
    thing = {"id": nul, "object": "invoice", "customer": long, "subscription": long}
    event = snapshot("evt_1", "invoice.paid", thing, request={"id": None, "idempotency_key": long})

    assert deliver(event).status_code == 200
    assert deliver(thin("evt_\0", "invoice.paid", "invoice", long)).status_code == 200

    row = StripeEvent.objects.get(event_id="evt_1")
    assert (row.object_id, len(row.customer_stripe_id), len(row.request_idempotency_key)) == (f"in_{NUL}", 64, 255)
    assert StripeEvent.objects.filter(event_id=f"evt_{NUL}", object_id="x" * 80).exists()


def test_one_that_kills_its_worker_each_time_is_given_up_on_alone(
    funded: Funded, now: datetime, child_environment: dict[str, str]
) -> None:
    """Only that event comes to the place where it dies. Who was claimed with it is handled and blamed for nothing."""
    waiting(1, funded, kind="customer.subscription.updated")
    waiting(2, funded, kind="customer.updated", subscription_stripe_id="", object_id=funded.customer.stripe_id)
    waiting(3, funded, kind="customer.subscription.updated", customer_stripe_id="cus_stranger")
    states = []
    for tries in (0, 1, 2, MOST_TRIES - 1):
        StripeEvent.objects.filter(pk="evt_2").update(tries=tries)  # The last step passes over the same in between.
        child = run_and_die(
            "before", "billing.inbox.read_again:refresh_customer",
            ["billing.inbox.handle_event:handle_waiting_events"], child_environment,
        )  # fmt: skip
        assert child.returncode == -signal.SIGKILL, child.stderr
        states.append(list(StripeEvent.objects.order_by("pk").values_list("state", "tries")))
        StripeEvent.objects.filter(state=State.WAITING).update(next_try_at=now)

    assert states[0] == [(State.WAITING, 1), (State.WAITING, 1), (State.WAITING, 1)]
    assert [row[1] for row in states] == [(State.WAITING, tries) for tries in (1, 2, 3, MOST_TRIES)]
    assert states[2] == [(State.DONE, 2), (State.WAITING, 3), (State.DONE, 2)]
    assert handle_waiting_events(at=now + timedelta(hours=1)) == 0
    assert dict(StripeEvent.objects.values_list("pk", "state")) == {
        "evt_1": State.DONE, "evt_2": State.DEAD, "evt_3": State.DONE,
    }  # fmt: skip
    dead = StripeEvent.objects.get(event_id="evt_2")
    assert (dead.tries, dead.last_error) == (MOST_TRIES, f"its worker died {MOST_TRIES} times")
    (need,) = [need for need in money_needs() if "given up on" in str(need.label)]
    assert need.count == 1
    # What killed it is mended: a replay handles it.
    assert replay_event(event_id="evt_2", at=now)
    assert StripeEvent.objects.get(event_id="evt_2").state == State.DONE


def test_a_suspect_is_claimed_alone_and_only_after_its_lease(funded: Funded, now: datetime) -> None:
    for number in range(3):
        waiting(number, funded, tries=2, last_error=CLAIMED)
    StripeEvent.objects.update(next_try_at=now + LEASE)

    assert handle_waiting_events(at=now) == 0
    assert handle_waiting_events(at=now + LEASE) == 3

    assert set(StripeEvent.objects.values_list("state", "tries", "last_error")) == {(State.DONE, 3, "")}
