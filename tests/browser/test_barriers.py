"""axe on every page of the URL map, so that a new page is looked at the moment it is routed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from django.contrib.admin import site
from django.urls import reverse
from playwright.sync_api import Page

from accounts.access.actor import Actor
from accounts.models import User
from seatportal.kit.clock import now as present
from seats.growth.mark_accounts import mark_accounts
from seats.growth.reviews import prepare_review
from seats.growth.sweep import sweep_account
from seats.insight.record_recurring import record_recurring
from seats.models import Alert, ExpansionTask, Signal
from tests.architecture.test_tenancy import PAGES
from tests.architecture.world import build
from tests.browser.conftest import Visit
from tests.browser.demo import Studio
from tests.browser.watch import Watch
from tests.conftest import FundMaker, make_user

pytestmark = pytest.mark.django_db(transaction=True)

MAIN_PAGES = (
    "",
    "seats/",
    "seats/add/",
    "seats/assign/",
    "seats/reduce/",
    "usage/",
    "requests/",
    "invoices/",
    "ledger/",
)
SERIOUS = ("serious", "critical")
# Answers to scripts, parts of a page.
PARTS = ("/receivers/", "/bulk/effect/", ".csv", ".json", ".pdf", "/pdf/")
OF_THE_PERSON = (
    "/profile/",
    "/accounts-of-mine/",
    "/accounts/2fa/",
    "/accounts/2fa/webauthn/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/sessions/",
    "/accounts/reauthenticate/",
    "/accounts/logout/",
    "/no/such/page/",
)
OF_STRANGERS = ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/login/code/", "/sso/")


@pytest.fixture(autouse=True)
def axe_may_measure(watch: Watch) -> None:
    """It sets styles to see what they do; pages do not, as the tests of the templates and the other stories show."""
    watch.forgiven.append("Applying inline style violates")


@cache
def axe() -> str:
    """The script, which is injected past the page's own policy."""
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


def barriers(page: Page) -> list[str]:
    """Serious and critical findings on the page that is open."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe())
    # Selectors of all nodes and a second reading of the styles take most of its time; nobody asks for them here.
    found: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations'], selectors: false, preload: false})")
    return [
        f"{page.url} ({page.viewport_size['width'] if page.viewport_size else ''}): {rule['id']}: {node['html'][:160]}"
        for rule in found["violations"]
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]


def walk(page: Page, paths: Iterable[str], widths: Sequence[int] = (1280, 390)) -> list[str]:
    """Open each address that is a page and collect what bars somebody from it, wide and narrow."""
    found: list[str] = []
    seen: set[str] = set()
    for path in paths:
        if page.context.request.head(path).status == 405:
            continue
        page.goto(path)
        if page.url in seen:
            continue
        seen.add(page.url)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 844})
            found += barriers(page)
    return found


def test_no_page_of_an_account_bars_anybody(fund: FundMaker, now: datetime, visit: Visit) -> None:
    world = build("Acme", fund, now)
    paths = [route.url(world.ids) for route in PAGES if not route.path.endswith(PARTS)]

    assert walk(visit(world.people["owner"]), paths) == []


def test_no_page_of_a_person_or_a_stranger_bars_anybody(fund: FundMaker, now: datetime, visit: Visit) -> None:
    world = build("Acme", fund, now)

    assert walk(visit(world.people["owner"]), OF_THE_PERSON) == []
    assert walk(visit(), [*OF_STRANGERS, f"/invitations/{world.ids['token']}/"]) == []


def test_no_main_page_bars_anybody_in_the_dark(studio: Studio, visit: Visit) -> None:
    home = f"/a/{studio.account.slug}/"
    main = (
        "",
        "seats/",
        "seats/add/?add=2",
        "seats/assign/",
        "seats/reduce/",
        "usage/",
        "requests/",
        "invoices/",
        "ledger/",
    )
    page = visit(studio.owner, scheme="dark")

    assert walk(page, [home + path for path in main]) == []


def test_no_staff_page_bars_anybody(studio: Studio, visit: Visit, settings: Any) -> None:
    settings.STAFF_NEED_MFA = False
    page = visit(staff_member())
    lists = [reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in site._registry]
    account = reverse("admin:accounts_account_change", args=[studio.account.pk])

    assert walk(page, [reverse("admin:index"), reverse("admin:money"), account, *lists], widths=[1280]) == []
    sweep_account(account=studio.account, at=present())
    own, rows = account_team_pages(studio)
    assert walk(page, own) == []
    assert walk(page, rows, widths=[1280]) == []

    page.goto(reverse("admin:accounts_user_changelist"))
    page.get_by_role("row", name=studio.owner.user.email).get_by_role("button", name="Impersonate").click()
    page.get_by_text(f"You see this account as {studio.owner.user.email}").wait_for()
    assert barriers(page) == []


def account_team_pages(studio: Studio) -> tuple[list[str], list[str]]:
    """All accounts, one of them, the metrics and the jobs; and one row of each kind, on Django's own page."""
    rows = (Signal.objects.latest("pk"), Alert.objects.latest("pk"), ExpansionTask.objects.latest("pk"))
    review = prepare_review(account=studio.account, actor=Actor.system("demo"), at=present(), reason="quarterly")
    record_recurring(at=present())
    mark_accounts(at=present())
    own = [
        reverse("admin:seats_signal_accounts") + "?show=power",
        reverse("admin:seats_signal_account_act", args=[studio.account.pk, "review"]),
        reverse("admin:seats_businessreview_change", args=[review.pk]),
        reverse("admin:seats_signal_accounts"),
        reverse("admin:seats_signal_account", args=[studio.account.pk]),
        reverse("admin:seats_signal_metrics"),
        reverse("admin:seats_jobrun_overview"),
        reverse("admin:seats_alert_inbox"),
    ]
    changes = [reverse(f"admin:seats_{row._meta.model_name}_change", args=[row.pk]) for row in rows]
    # The first page again: now it has a row.
    return own, [reverse("admin:index"), *changes]


def staff_member() -> User:
    """Somebody of the vendor who may do everything."""
    return make_user("Imani", domain="vendor.example", is_staff=True, is_superuser=True)
