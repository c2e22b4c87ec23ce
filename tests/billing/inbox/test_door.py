"""What one delivery costs and what it leaves: a row, one statement, no call, no session."""

import json
from typing import Any

import pytest
import stripe
from django.core.cache import cache
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from billing.gateway.client import read_event
from billing.models import StripeEvent
from seatportal.kit.queue import heard
from tests.billing.inbox.deliver import SECRET, deliver, header, snapshot, thin
from tests.desk import Desk

pytestmark = pytest.mark.django_db
PAID = snapshot("evt_1", "invoice.paid", {"id": "in_1", "object": "invoice", "customer": "cus_1"})


def test_an_acknowledgement_is_one_statement_and_no_call(desk: Desk) -> None:
    calls = len(desk.simulator.get("/_control/requests?since=0")["requests"])

    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = deliver(PAID)

    assert answer.status_code == 200
    assert len(queries) == 1
    assert queries[0]["sql"].strip().startswith("INSERT INTO billing_stripeevent")
    assert len(desk.simulator.get("/_control/requests?since=0")["requests"]) == calls
    kept = StripeEvent.objects.get()
    assert (kept.event_id, kept.kind, kept.object_id, kept.customer_stripe_id) == (
        "evt_1", "invoice.paid", "in_1", "cus_1",
    )  # fmt: skip
    assert (kept.state, kept.tries, kept.request_idempotency_key, kept.payload) == ("waiting", 0, "key-1", PAID)


def test_a_delivery_takes_part_in_nothing_that_pages_need() -> None:
    answer = deliver(PAID)

    assert dict(answer.items()) == {"Content-Type": "text/html; charset=utf-8", "Content-Length": "0"}
    assert not answer.cookies


def test_the_same_event_again_is_one_row() -> None:
    assert [deliver(PAID).status_code for _ in range(3)] == [200, 200, 200]

    assert StripeEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_deliveries_are_one_bell_until_it_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda task, **_: rung.append(task.name))

    for number in range(5):
        deliver(PAID | {"id": f"evt_{number}"})
    assert rung == ["billing.handle_waiting_events"]

    heard("billing.handle_waiting_events")
    deliver(PAID | {"id": "evt_0"})
    assert len(rung) == 1
    deliver(PAID | {"id": "evt_new"})
    assert len(rung) == 2


def test_an_unknown_type_is_kept_and_acknowledged() -> None:
    answer = deliver(snapshot("evt_2", "climate.order.delivered" + "x" * 80, {"id": "order_1", "object": "order"}))

    assert answer.status_code == 200
    assert StripeEvent.objects.get().object_id == "order_1"


@pytest.mark.parametrize(
    ("signed_with", "accepted"),
    [
        (("whsec_new",), 200),
        (("whsec_old",), 200),
        (("whsec_new", "whsec_old"), 200),
        (("whsec_stranger", "whsec_old"), 200),
        (("whsec_stranger",), 400),
    ],
)
def test_while_a_secret_is_rotated_either_signature_passes(
    settings: object, signed_with: tuple[str, ...], accepted: int
) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", "whsec_old"]  # type: ignore[attr-defined]

    assert deliver(PAID, *signed_with).status_code == accepted

    assert StripeEvent.objects.count() == (accepted == 200)


@pytest.mark.parametrize("age", [301, 86_400])
def test_an_old_signature_is_refused(age: int) -> None:
    assert deliver(PAID, age=age).status_code == 400
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize("body", ["{}", "[]", "no json", '{"object": "event", "id": "evt_1"}', '"text"'])
def test_a_signed_body_that_is_no_event_is_refused(body: str) -> None:
    assert deliver(body).status_code == 400
    assert not StripeEvent.objects.exists()


def test_a_body_larger_than_any_event_is_refused() -> None:
    assert deliver(PAID | {"padding": "x" * 1_000_000}).status_code == 413
    assert not StripeEvent.objects.exists()


def test_a_failing_database_answers_500_so_that_stripe_comes_again() -> None:
    with connection.execute_wrapper(_broken):
        answer = deliver(PAID)

    assert answer.status_code == 500
    assert not StripeEvent.objects.exists()
    assert deliver(PAID).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_database_has_ended_costs_no_delivery() -> None:
    """Nothing asks first whether it lives, so the statement finds out, and goes over a new one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        ended = cursor.fetchone()[0]
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])
    finally:
        other.close()

    assert deliver(PAID).status_code == 200

    assert StripeEvent.objects.get().event_id == "evt_1"


def _broken(*_: object) -> None:
    from django.db import OperationalError

    raise OperationalError("the server closed the connection")


@pytest.mark.django_db(transaction=True)
def test_a_failing_broker_and_cache_answer_200(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def down(*_: object, **__: object) -> None:
        tried.append("")
        raise ConnectionError

    monkeypatch.setattr(cache, "add", down)
    monkeypatch.setattr("celery.app.task.Task.apply_async", down)

    assert deliver(PAID).status_code == 200
    assert len(tried) == 2
    assert StripeEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "thing", "thing_id", "subscription", "customer"),
    [
        ("customer.subscription.item_quantity_changed", "subscription", "sub_1", "sub_1", ""),
        ("invoice.paid", "invoice", "in_1", "", ""),
        ("customer.updated", "customer", "cus_1", "", "cus_1"),
    ],
)
def test_a_thin_event_is_kept_with_the_object_that_it_names(
    kind: str, thing: str, thing_id: str, subscription: str, customer: str
) -> None:
    assert deliver(thin("evt_3", kind, thing, thing_id)).status_code == 200

    kept = StripeEvent.objects.get()
    assert (kept.kind, kept.object_id, kept.subscription_stripe_id, kept.customer_stripe_id) == (
        kind, thing_id, subscription, customer,
    )  # fmt: skip
    assert kept.request_idempotency_key == "key-1"


def test_we_read_from_both_shapes_what_the_library_reads() -> None:
    """Each of the library's parsers refuses the other's body; ours takes both."""
    client = stripe.StripeClient("sk_test_x")
    small = json.dumps(thin("evt_3", "invoice.paid", "invoice", "in_1"))
    whole = json.dumps(PAID)
    notification: Any = client.parse_event_notification(small, header(small, SECRET), SECRET)
    event = client.construct_event(whole, header(whole, SECRET), SECRET)
    with pytest.raises(ValueError, match="thin"):
        client.construct_event(small, header(small, SECRET), SECRET)
    with pytest.raises(ValueError, match="construct_event"):
        client.parse_event_notification(whole, header(whole, SECRET), SECRET)

    ours = read_event(small.encode(), header(small, SECRET))
    assert (ours.id, f"v1.{ours.kind}", ours.object_id) == (
        notification.id, notification.type, notification.related_object.id,
    )  # fmt: skip
    ours = read_event(whole.encode(), header(whole, SECRET))
    assert (ours.id, ours.kind, ours.object_id) == (event.id, event.type, event.data.object["id"])
