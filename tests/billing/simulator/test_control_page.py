"""The pages of /_control, walked as a person would: look, move time, make trouble, send again."""

from __future__ import annotations

import re
from typing import Any

import pytest
import stripe

from .conftest import DAY, Control, Shop, at, fresh, started
from .test_pages import Browser, browser
from .test_webhooks import Receiver, eventually, receiver

__all__ = ["browser", "receiver"]


@pytest.fixture
def page(browser: Browser, simulator_url: str, shop: Shop) -> Any:
    """GET a page of /_control, or POST a form to it; answers status and text."""

    def visit(path: str = "", **form: str) -> tuple[int, str]:
        status, text, _ = browser(f"{simulator_url}/_control{path}", **form)
        return status, text

    return visit


def test_every_link_of_the_front_leads_somewhere(shop: Shop, page: Any) -> None:
    subscription = started(shop, "2026-04-01")
    status, front = page()
    assert (status, subscription.id in front) == (200, True)

    links = sorted(set(re.findall(r'href="/_control([^"]+)"', front)))
    assert f"/objects/subscription/{subscription.id}" in links
    assert "/objects/invoice" in links
    for link in links:
        assert page(link)[0] == 200, link

    _, text = page(f"/objects/subscription/{subscription.id}")
    assert "&quot;status&quot;: &quot;active&quot;" in text
    assert "_debits" not in text


def test_what_is_not_there_is_a_404(page: Any) -> None:
    for path in ("/objects/customer/cus_x", "/objects/nothing", "/objects/_meta", "/objects/_meta/clock"):
        assert page(path)[0] == 404, path


def test_one_test_clock_is_moved_alone(shop: Shop, page: Any) -> None:
    one, other = started(shop, "2026-04-01"), started(shop, "2026-04-01")
    _, front = page()
    assert front.count("/_control/clocks/") == 2

    assert page(f"/clocks/{one.test_clock}", seconds=str(31 * DAY))[0] == 303

    assert fresh(shop, one).latest_invoice.billing_reason == "subscription_cycle"
    assert fresh(shop, other).latest_invoice.billing_reason == "subscription_create"
    assert shop.client.v1.test_helpers.test_clocks.retrieve(one.test_clock).frozen_time == at("2026-05-02")
    assert page("/clocks/clock_x", seconds="60")[0] == 400


def test_a_fault_is_ordered_shown_and_taken_back(shop: Shop, page: Any) -> None:
    form = {"kind": "lock_timeout", "method": "POST", "path_regex": "^/v1/customers", "times": "2"}
    assert page("/faults", **form)[0] == 303
    assert "<td>lock_timeout</td><td>POST</td><td>^/v1/customers</td><td>2</td>" in page()[1]
    with pytest.raises(stripe.RateLimitError):
        shop.client.v1.customers.create({})

    assert page("/faults/clear", clear="1")[0] == 303

    assert "No fault is on order." in page()[1]
    assert shop.client.v1.customers.create({}).id.startswith("cus_")


def test_a_wrong_order_is_said_on_the_page(page: Any, control: Control) -> None:
    status, text = page("/faults", kind="lock_timeout", path_regex="(")

    assert status == 400
    assert 'role="alert">path_regex: ' in text
    assert control("GET", "state")["faults"] == 0


def test_webhooks_are_held_seen_released_and_sent_again(
    shop: Shop, page: Any, receiver: Receiver, control: Control
) -> None:
    shop.client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.created"]})
    assert page("/webhooks", mode="hold")[0] == 303
    shop.client.v1.customers.create({})
    [event] = shop.client.v1.events.list({"type": "customer.created"}).data
    _, front = page()
    assert "Webhooks: hold." in front
    assert f'name="event" value="{event.id}"' in front
    assert "<td>waits</td><td>0</td>" in front

    assert page("/webhooks/flush", flush="1")[0] == 303
    assert len(receiver.wait_for(1)) == 1
    assert "<td>delivered</td><td>1</td><td>200</td>" in page()[1]
    assert page("/webhooks", mode="normal")[0] == 303
    assert page("/webhooks/resend", event=event.id)[0] == 303

    assert len(receiver.wait_for(2)) == 2
    assert eventually(lambda: len(control("GET", "deliveries")["over"]) == 2)
    assert "Send this event again" in page(f"/objects/event/{event.id}")[1]


def test_the_pages_need_no_script(page: Any, browser: Browser, simulator_url: str, shop: Shop) -> None:
    shop.customer(email="<script>alert(1)</script>@x.y", name='"><img src=x>')
    for path in ("", "/objects/customer", "/objects/event"):
        text = page(path)[1]
        assert "<script" not in text
        assert "<img" not in text
        assert "style=" not in text
    customer = shop.client.v1.customers.list().data[0].id
    assert "<script" not in page(f"/objects/customer/{customer}")[1]
