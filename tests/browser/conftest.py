"""Chromium, the site on a port of its own, and people in front of it. Every page's errors fail its test."""

import os
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import Membership, User
from tests.browser.demo import Studio, build_studio
from tests.browser.watch import Watch
from tests.conftest import Funded, FundMaker
from tests.desk import Desk
from tests.services import Simulator

ARGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-domain-reliability",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-pings",
    # Nothing but this machine has a name; Watch sees whoever asks for more.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
]
NONE_FOUND = "No Chromium was found: install chromium, or name one by CHROMIUM_PATH."
PATIENCE = 20_000  # milliseconds; a machine that also runs other tests is slow

Visit = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


def _executable() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="package")
def chromium() -> Generator[Browser]:
    """One browser for the tests of this folder; each test has a profile of its own in it."""
    path = _executable()
    if path is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(NONE_FOUND)
        pytest.skip(NONE_FOUND)
    # Playwright keeps an event loop in this thread, for which Django would refuse to touch the database.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with sync_playwright() as playwright:
            expect.set_options(timeout=PATIENCE)
            browser = playwright.chromium.launch(executable_path=path, args=ARGS)
            yield browser
            browser.close()


@pytest.fixture(scope="package")
def site(django_db_setup: None) -> Generator[str]:
    """The site's address: the real views in threads of this process. Named localhost, for which passkeys work."""
    server = LiveServer("localhost")
    with override_settings(SITE_URL=server.url):
        yield server.url
    server.stop()


@pytest.fixture
def watch(site: str, simulator: Simulator) -> Generator[Watch]:
    """What goes wrong in any page of this test."""
    found = Watch(site, simulator.url)
    yield found
    assert found.troubles == []


@pytest.fixture
def visit(chromium: Browser, site: str, watch: Watch) -> Generator[Visit]:
    """Open a browser of its own: `visit(membership)` signed in, `visit()` as a stranger.

    js, width, height, scheme ("light" or "dark") and locale as a person's device has them.
    """
    contexts: list[BrowserContext] = []

    def open_browser(
        who: Membership | User | None = None,
        *,
        js: bool = True,
        width: int = 1280,
        height: int = 800,
        scheme: str = "light",
        locale: str = "en-GB",
    ) -> Page:
        options: dict[str, Any] = {"color_scheme": scheme, "reduced_motion": "reduce", "timezone_id": "UTC"}
        context = chromium.new_context(
            base_url=site,
            java_script_enabled=js,
            viewport={"width": width, "height": height},
            locale=locale,
            accept_downloads=False,
            **options,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        watch.follow(context)
        if who is not None:
            context.add_cookies([session_cookie(who, site)])
        return context.new_page()

    yield open_browser
    for context in contexts:
        context.close()


def session_cookie(who: Membership | User, site: str) -> Any:
    """A session as signing in makes it; the way through the form is a story of its own."""
    client = Client()
    user = who if isinstance(who, User) else who.user
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}


@pytest.fixture
def shop(funded: Funded, site: str, desk: Desk, settings: Any) -> Generator[Funded]:
    """Acme pays for ten seats, and Stripe's webhooks come to the site."""
    with webhooks_to(site, desk.simulator, settings):
        yield funded


@pytest.fixture
def shop_with(
    fund: FundMaker, owner: Membership, site: str, desk: Desk, settings: Any
) -> Generator[Callable[..., Funded]]:
    """`shop_with(card="pm_card_…")`: like `shop`, with another card or price."""
    with webhooks_to(site, desk.simulator, settings):
        yield lambda **terms: fund(owner, **terms)


@pytest.fixture
def studio(transactional_db: None, simulator: Simulator, site: str, now: datetime, settings: Any) -> Generator[Studio]:
    """The demo's first account: 8 of 10 seats active, and half of the period over."""
    made = build_studio(simulator, now)
    with webhooks_to(site, simulator, settings):
        yield made
    simulator.reset()


@contextmanager
def webhooks_to(site: str, simulator: Simulator, settings: Any) -> Generator[None]:
    """Let the simulator tell the site of every event, until the last one has arrived."""
    desk = Desk(simulator)
    endpoint = desk.client.v1.webhook_endpoints.create(
        {"url": f"{site}/billing/webhooks/stripe/", "enabled_events": ["*"]}
    )
    settings.STRIPE_WEBHOOK_SECRETS = [endpoint.secret]
    yield
    simulator.control("/_control/webhooks", {"mode": "lose"})
