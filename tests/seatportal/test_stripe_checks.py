"""A wrong way to Stripe is said by `manage.py check`, with what to do; a right one says nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import CheckMessage, Error

from billing.gateway.events import EVENT_KINDS
from billing.gateway.stripe_api import gateway
from seatportal import stripe_checks
from seatportal.stripe_checks import (
    endpoint_agrees,
    portal_leaves_quantities,
    stripe_agrees,
    stripe_is_safe,
    stripe_is_set_up,
)
from tests.desk import Desk

URL = "https://seats.example/billing/webhooks/stripe/"
GOOD = {
    "DEBUG": False,
    "SITE_URL": "https://seats.example",
    "STRIPE_API_KEY": "rk_live_good",
    "STRIPE_API_BASE": "",
    "STRIPE_CONTRACT_KEY": "rk_test_good",
    "STRIPE_WEBHOOK_SECRETS": ["whsec_new", "whsec_old"],
}

Configure = Callable[..., None]


@pytest.fixture
def configure(settings: Any) -> Configure:
    """A good configuration, with these faults."""

    def set_all(**faults: Any) -> None:
        for name, value in (GOOD | faults).items():
            setattr(settings, name, value)

    return set_all


def ids(messages: list[CheckMessage]) -> list[str]:
    """Their ids; each must say what to do."""
    assert all(message.hint for message in messages)
    return [str(message.id).removeprefix("seatportal.") for message in messages]


def test_a_good_configuration_says_nothing(configure: Configure) -> None:
    configure()

    assert stripe_is_safe(None) == stripe_is_set_up(None) == []


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ({"DEBUG": True}, ["E004"]),
        ({"DEBUG": True, "STRIPE_API_KEY": "rk_test_x"}, []),
        ({"STRIPE_API_BASE": "http://127.0.0.1:12111"}, ["E005"]),
        ({"STRIPE_API_BASE": "http://127.0.0.1:12111", "STRIPE_API_KEY": "sk_test_simulator"}, []),
        ({"STRIPE_CONTRACT_KEY": "sk_live_x"}, ["E006"]),
        ({"STRIPE_CONTRACT_KEY": ""}, []),
        ({"STRIPE_WEBHOOK_SECRETS": ["whsec_new", ""]}, ["E007"]),
        ({"STRIPE_WEBHOOK_SECRETS": [" "]}, ["E007"]),
        ({"STRIPE_WEBHOOK_SECRETS": ["sk_live_x"]}, ["E008"]),
    ],
)
def test_what_could_lose_money_or_trust_is_said_at_every_start(
    configure: Configure, faults: dict[str, Any], expected: list[str]
) -> None:
    configure(**faults)

    assert ids(stripe_is_safe(None)) == expected


def test_a_secret_never_appears_in_a_message(configure: Configure) -> None:
    configure(STRIPE_WEBHOOK_SECRETS=["sk_live_verysecret"])

    [message] = stripe_is_safe(None)

    assert "verysecret" not in f"{message.msg}{message.hint}"


def test_another_version_of_the_library_is_said(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    configure()
    monkeypatch.setattr(stripe_checks, "API_VERSION", "2027-01-27.fuchsia")

    [message] = stripe_is_safe(None)

    assert (message.id, message.msg) == (
        "seatportal.E009",
        "The stripe library speaks 2027-01-27.fuchsia, and what we read is written for 2026-10-28.endive.",
    )


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ({"STRIPE_API_KEY": "pk_live_x"}, ["E001"]),
        ({"STRIPE_API_KEY": ""}, ["E001"]),
        ({"STRIPE_API_KEY": "sk_test_simulator"}, ["E002"]),
        ({"STRIPE_API_KEY": "sk_live_x"}, ["W002"]),
        ({"STRIPE_API_KEY": "sk_test_x", "SITE_URL": "http://localhost:8000"}, []),
        ({"STRIPE_API_BASE": "http://127.0.0.1:12111", "STRIPE_API_KEY": "sk_test_simulator"}, ["W001"]),
        ({"STRIPE_WEBHOOK_SECRETS": []}, ["E003"]),
        ({"SITE_URL": "http://seats.example"}, ["E011"]),
    ],
)
def test_what_a_production_site_needs(configure: Configure, faults: dict[str, Any], expected: list[str]) -> None:
    configure(**faults)

    assert ids(stripe_is_set_up(None)) == expected


def test_stripe_is_not_asked_where_the_simulator_stands(configure: Configure) -> None:
    configure(STRIPE_API_BASE="http://127.0.0.1:1", STRIPE_API_KEY="sk_test_simulator")

    assert stripe_agrees(None) == []


def endpoint(desk: Desk, **more: Any) -> str:
    """One at the simulator."""
    params = {"url": URL, "api_version": "2026-10-28.endive", "enabled_events": list(EVENT_KINDS), **more}
    return desk.client.v1.webhook_endpoints.create(params).id  # type: ignore[arg-type]


@pytest.fixture
def asking(desk: Desk, settings: Any) -> Desk:
    """The gateway at the simulator, and our public address."""
    settings.SITE_URL = "https://seats.example"
    return desk


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ([{}], []),
        ([{"enabled_events": ["*"]}], []),
        ([{"api_version": "2026-05-27.dahlia"}, {}], []),
        ([], ["E012"]),
        ([{"url": "https://elsewhere.example/"}], ["E012"]),
        ([{"api_version": "2026-05-27.dahlia"}], ["E013"]),
        ([{"enabled_events": ["invoice.paid"]}], ["E014"]),
    ],
)
def test_the_endpoint_at_stripe(asking: Desk, made: list[dict[str, Any]], expected: list[str]) -> None:
    for params in made:
        endpoint(asking, **params)

    assert ids(endpoint_agrees(gateway())) == expected


def test_a_disabled_endpoint_does_not_count(asking: Desk) -> None:
    asking.client.v1.webhook_endpoints.update(endpoint(asking), {"disabled": True})

    assert ids(endpoint_agrees(gateway())) == ["E012"]


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        ({"enabled": False}, []),
        ({"enabled": True, "default_allowed_updates": ["price"], "products": []}, []),
        ({"enabled": True, "default_allowed_updates": ["quantity"], "products": []}, ["E015"]),
    ],
)
def test_the_portal_must_not_write_quantities(asking: Desk, feature: dict[str, Any], expected: list[str]) -> None:
    asking.client.v1.billing_portal.configurations.create({"features": {"subscription_update": feature}})  # type: ignore[typeddict-item]

    assert ids(portal_leaves_quantities(gateway())) == expected


def test_a_key_that_may_not_look_is_a_warning(asking: Desk) -> None:
    asking.fault("rate_limit", method="GET", path="/v1/webhook_endpoints", times=4)

    [message] = endpoint_agrees(gateway())

    assert (message.id, isinstance(message, Error)) == ("seatportal.W003", False)
