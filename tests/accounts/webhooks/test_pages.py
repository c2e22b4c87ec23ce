"""Settings → Webhooks."""

import html
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Membership, WebhookDelivery, WebhookEndpoint
from accounts.webhooks.deliver_webhook import deliver_webhook
from accounts.webhooks.rules import secret_of
from accounts.webhooks.save_endpoint import WORDS
from tests.accounts.webhooks.conftest import Hook
from tests.conftest import join
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def olivia(owner: Membership, client_of: Callable[[Membership], Client]) -> Client:
    return client_of(owner)


def url(name: str, *ids: str) -> str:
    return reverse(f"accounts:{name}", args=["acme", *ids])


def text(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def test_without_endpoints_the_page_says_what_it_is_for(olivia: Client) -> None:
    page = text(olivia.get(url("webhooks")))
    assert "No endpoints yet" in page
    assert url("add_webhook") in page


def test_an_endpoint_is_added_and_its_secret_shown_once(olivia: Client, receiver: Receiver) -> None:
    answer = olivia.post(
        url("add_webhook"), {"url": receiver.url, "description": "HR", "events": ["seat.assigned", "seat.released"]}
    )

    endpoint = WebhookEndpoint.objects.get()
    assert "no-store" in answer["Cache-Control"]
    assert re.findall(r"whsec_[\w+/=]+", text(answer))[0] == secret_of(endpoint)
    assert (endpoint.url, endpoint.description, endpoint.events) == (
        receiver.url,
        "HR",
        ["seat.assigned", "seat.released"],
    )
    for page in (url("webhooks"), url("webhook", endpoint.public_id), url("change_webhook", endpoint.public_id)):
        assert "whsec_" not in text(olivia.get(page))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://192.168.1.1/hook", WORDS["not_public"]),
        ("gopher://example.com/", WORDS["not_https"]),
        ("https://", WORDS["malformed"]),
        ("", "This field is required."),
    ],
)
def test_a_wrong_address_is_said_at_the_field(olivia: Client, address: str, words: str) -> None:
    answer = olivia.post(url("add_webhook"), {"url": address, "description": "kept"})

    assert answer.status_code == 422
    assert str(words) in text(answer)
    assert "kept" in text(answer)
    assert not WebhookEndpoint.objects.exists()


def test_its_log_shows_what_was_sent_and_what_came_back(
    olivia: Client, account: Account, hook: Hook, receiver: Receiver, now: datetime
) -> None:
    receiver.status, receiver.answer = 500, b"<b>broken</b>"
    join(account, "Joe", "member", now)
    row = WebhookDelivery.objects.get()
    assert "On its way" in text(olivia.get(url("webhook", hook.endpoint.public_id)))
    deliver_webhook(delivery_id=row.pk, at=now)

    page = olivia.get(url("webhook", hook.endpoint.public_id)).content.decode()
    assert "Tried again" in page
    assert "HTTP 500" in page
    assert "Every message failed since" in page
    page = olivia.get(url("webhook_delivery", hook.endpoint.public_id, row.public_id)).content.decode()
    assert "&lt;b&gt;broken&lt;/b&gt;" in page
    assert "joe@acme.example" in page
    assert row.event.public_id in page

    receiver.status = 200
    olivia.post(url("replay_webhook", hook.endpoint.public_id, row.public_id))
    assert deliver_webhook(delivery_id=row.pk, at=timezone.now())
    page = text(olivia.get(url("webhook_delivery", hook.endpoint.public_id, row.public_id)))
    assert "Delivered" in page
    assert page.index("HTTP 200", page.index("Each try")) < page.index("HTTP 500", page.index("Each try"))


def test_the_log_by_state_and_what_was_given_up_again(
    olivia: Client, account: Account, hook: Hook, now: datetime
) -> None:
    for name in ("Ann", "Ben"):
        join(account, name, "member", now)
    lost, waits = WebhookDelivery.objects.order_by("pk")
    WebhookDelivery.objects.filter(pk=lost.pk).update(given_up_at=now)
    page = url("webhook", hook.endpoint.public_id)

    def ids(state: str) -> list[bool]:
        shown = olivia.get(f"{page}?state={state}").content.decode()
        return [row.event.public_id in shown for row in (lost, waits)]

    assert [ids(state) for state in ("", "given_up", "waiting", "delivered", "wrong")] == [
        [True, True],
        [True, False],
        [False, True],
        [False, False],
        [True, True],
    ]
    assert "No delivery is in this state." in text(olivia.get(f"{page}?state=delivered"))
    assert "Send 1 given-up event again" in text(olivia.get(page))

    done = olivia.post(url("replay_missed_webhooks", hook.endpoint.public_id), follow=True)
    assert "1 event is on its way again." in text(done)
    assert "given-up" not in text(done)
    assert ids("given_up") == [False, False]


def test_a_long_log_has_pages(olivia: Client, account: Account, hook: Hook, now: datetime) -> None:
    for number in range(52):
        join(account, f"P{number}", "member", now)
    first = text(olivia.get(url("webhook", hook.endpoint.public_id)))
    ids = list(WebhookDelivery.objects.order_by("-pk").values_list("event__public_id", flat=True))

    assert re.findall(r"evt_\w+", first) == ids[:50]
    [older] = re.findall(r'href="(\?before=whd_\w+)" rel="next"', first)
    second = text(olivia.get(url("webhook", hook.endpoint.public_id) + older))
    assert re.findall(r"evt_\w+", second) == ids[50:]


def test_the_buttons(olivia: Client, hook: Hook, receiver: Receiver, now: datetime) -> None:
    endpoint, ids = hook.endpoint, hook.endpoint.public_id

    olivia.post(url("test_webhook", ids))
    assert WebhookDelivery.objects.get().event.type == "endpoint.test"

    olivia.post(url("switch_webhook", ids), {"to": "off"})
    endpoint.refresh_from_db()
    assert endpoint.disabled_by == "hand"
    assert "Switch on" in text(olivia.get(url("webhook", ids)))
    refused = olivia.post(url("test_webhook", ids), follow=True)
    assert "This endpoint is switched off." in text(refused)
    assert WebhookDelivery.objects.count() == 1
    olivia.post(url("switch_webhook", ids), {"to": "on"})
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None

    rotated = text(olivia.post(url("rotate_webhook", ids)))
    endpoint.refresh_from_db()
    assert secret_of(endpoint) in rotated
    assert secret_of(endpoint) != hook.secret
    assert "both signatures" in rotated

    olivia.post(url("change_webhook", ids), {"url": receiver.url, "description": "CRM", "events": ["member.left"]})
    endpoint.refresh_from_db()
    assert (endpoint.description, endpoint.events) == ("CRM", ["member.left"])

    olivia.get(url("delete_webhook", ids))
    assert WebhookEndpoint.objects.exists()
    olivia.post(url("delete_webhook", ids))
    assert not WebhookEndpoint.objects.exists()
