"""The endpoint and the customer portal are made by code; the secret is told once, on standard output alone."""

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from billing.gateway.events import EVENT_KINDS
from billing.gateway.stripe_api import gateway
from tests.desk import Desk

URL = "http://localhost:8000/billing/webhooks/stripe/"
VERSION = "2026-10-28.endive"


def run(*arguments: str) -> tuple[str, str]:
    """One run: what it printed for programs, and for people."""
    out, err = io.StringIO(), io.StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def endpoints(desk: Desk) -> list[tuple[str, str, str | None]]:
    """Each one's address, state and version, oldest first."""
    rows = desk.client.v1.webhook_endpoints.list().data
    return [(row.url, row.status, row.api_version) for row in reversed(rows)]


def test_create_speaks_the_librarys_version_and_tells_the_secret_once(desk: Desk) -> None:
    out, err = run("stripe_webhook_endpoint", "create")

    [made] = desk.client.v1.webhook_endpoints.list().data
    assert (made.url, made.api_version, made.enabled_events) == (URL, VERSION, list(EVENT_KINDS))
    assert out.startswith("whsec_")
    assert out.strip() not in err
    with pytest.raises(CommandError, match="Use rotate or upgrade"):
        run("stripe_webhook_endpoint", "create")
    assert len(endpoints(desk)) == 1


def test_rotation_runs_both_until_the_old_one_is_retired(desk: Desk) -> None:
    first, _ = run("stripe_webhook_endpoint", "create")
    second, _ = run("stripe_webhook_endpoint", "rotate")
    assert first != second
    assert endpoints(desk) == [(URL, "enabled", VERSION)] * 2
    newest = desk.client.v1.webhook_endpoints.list().data[0].id

    with pytest.raises(CommandError, match="--keep names the endpoint that stays"):
        run("stripe_webhook_endpoint", "retire")
    assert [state for _, state, _ in endpoints(desk)] == ["enabled", "enabled"]
    run("stripe_webhook_endpoint", "retire", "--keep", newest)

    assert [state for _, state, _ in endpoints(desk)] == ["disabled", "enabled"]
    listed, _ = run("stripe_webhook_endpoint", "list")
    assert f"{newest}  enabled  {VERSION}" in listed


def test_upgrade_makes_a_second_one_in_the_new_version(desk: Desk) -> None:
    old: Any = {"url": URL, "api_version": "2026-05-27.dahlia", "enabled_events": ["*"]}
    desk.client.v1.webhook_endpoints.create(old)

    run("stripe_webhook_endpoint", "upgrade")

    assert endpoints(desk) == [(URL, "enabled", "2026-05-27.dahlia"), (URL, "enabled", VERSION)]
    newest = desk.client.v1.webhook_endpoints.list().data[0].id
    run("stripe_webhook_endpoint", "retire", "--keep", newest)
    with pytest.raises(CommandError, match="already"):
        run("stripe_webhook_endpoint", "upgrade")


@pytest.mark.parametrize("verb", ["rotate", "upgrade"])
def test_nothing_to_rotate(desk: Desk, verb: str) -> None:
    with pytest.raises(CommandError, match="Use create"):
        run("stripe_webhook_endpoint", verb)

    assert endpoints(desk) == []


def test_the_customer_portal_is_made_and_made_safe(desk: Desk) -> None:
    run("stripe_customer_portal")
    [made] = desk.client.v1.billing_portal.configurations.list().data
    assert made.is_default
    assert not made.features.subscription_update.enabled
    assert made.features.payment_method_update.enabled

    careless: Any = {
        "features": {"subscription_update": {"enabled": True, "default_allowed_updates": ["quantity"], "products": []}}
    }
    desk.client.v1.billing_portal.configurations.update(made.id, careless)
    second = desk.client.v1.billing_portal.configurations.create(careless).id
    assert len(gateway().portal_configurations_that_change_quantities()) == 2
    out, _ = run("stripe_customer_portal")

    assert gateway().portal_configurations_that_change_quantities() == [second]
    assert f"{second} still lets customers change quantities" in out
