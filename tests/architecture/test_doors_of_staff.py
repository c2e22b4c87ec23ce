"""Scar 2 behind the doors of staff (Django admin). See test_doors.py.

Everything that may be sent to the staff site is found from the URL map and from what each screen offers: the actions
of its list, the acts of its rows, the form of a row as the browser would send it back with its numbers raised. A new
address, action or act has to be named below, with the reason why it fills no seat.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import lxml.html
import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import get_resolver

from accounts.access.actor import Actor
from accounts.models import Account, Role, User
from seatportal.checks import walk
from seatportal.kit.admin import ReadOnlyAdmin
from seats.admin.account_acts import ACTS
from seats.holders.wait import wait_for_seat
from seats.models import SeatPool
from tests.architecture.doors import FORM, outcome_of, tried, urlencoded
from tests.architecture.test_tenancy import PARAMETER
from tests.architecture.world import build
from tests.conftest import FundMaker, join
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
ACCOUNT_ACT = "staff/seats/signal/accounts/<object_id>/act/<slug:act>/"
# What raises the limit seats those who wait; nothing else of staff's fills a seat.
FILLS = {f"{ACCOUNT_ACT} comp"}
# Each reads from Stripe what was bought there; asked again below, where Stripe may answer.
SPEAKS = {
    "staff/billing/plan/ bring_in",
    "staff/billing/quantitychange/ look_again",
    "staff/billing/subscription/ compare",
    "staff/billing/subscription/ read",
    f"{ACCOUNT_ACT} compare",
}
BILLING, SEATS, ACT = "staff/billing/", "staff/seats/", "<path:object_id>/act/<slug:act>/"
WHY_STILL = {
    "It needs a row in trouble or open, of which an account that is well has none; its verb has tests of its own": {
        *(f"{BILLING}drift/{ACT} {name}" for name in ("accept", "end-second", "ignore", "repair")),
        *(f"{BILLING}incident/{ACT} {name}" for name in ("acknowledge", "credit", "resolve")),
        *(f"{BILLING}quantitychange/{ACT} {name}" for name in ("applied", "failed")),
        *(f"{BILLING}refund/{ACT} {name}" for name in ("again", "credit", "leave")),
        *(f"{BILLING}subscription/{ACT} {name}" for name in ("resume", "unfreeze")),
        f"{BILLING}stripeevent/ replay",
        f"{ACCOUNT_ACT} end-comp",
        f"{SEATS}alertdelivery/ send_again",
    },
    "It is the account team's own work, which no seat hangs on": {
        f"{SEATS}contact/{ACT} take-off",
        *(f"{SEATS}expansiontask/{ACT} {name}" for name in ("finish", "lose", "snooze", "take", "win")),
        *(f"{SEATS}featurerequest/{ACT} {name}" for name in ("decline", "plan", "ship")),
        f"{SEATS}trueup/ download",
        f"{SEATS}trueup/ verify",
    },
    "Its form asks for more than is filled in here, and none of it is a seat or a person who could hold one": {
        "staff/accounts/staffkey/add/",
        "staff/auth/group/add/",
        "staff/password_change/",
        "staff/usersessions/usersession/add/",
        f"{BILLING}offerrequest/<path:object_id>/change/",
        f"{BILLING}terms/add/",
        f"{SEATS}accountmanager/add/",
        f"{SEATS}alertendpoint/add/",
        f"{SEATS}alertpreference/add/",
        f"{SEATS}contact/add/",
    },
    "There is no such row here, or nothing in it is a number": {
        "staff/accounts/account/<path:object_id>/change/",
        "staff/accounts/staffkey/ revoke",
        *(f"staff/auth/group/<path:object_id>/{act}/" for act in ("change", "delete")),
        *(f"staff/usersessions/usersession/<path:object_id>/{act}/" for act in ("change", "delete")),
        f"{BILLING}terms/<path:object_id>/change/",
        *(
            f"{SEATS}{name}/<path:object_id>/{act}/"
            for name in ("accountmanager", "alertendpoint", "alertpreference")
            for act in ("change", "delete")
        ),
    },
    "It only reads, or looks through another's eyes": {
        "hijack/acquire/",
        "staff/money/",
        f"{SEATS}alert/inbox/",
        f"{SEATS}jobrun/overview/",
        f"{SEATS}signal/accounts/",
        f"{SEATS}signal/accounts/<object_id>/",
        f"{SEATS}signal/metrics/",
    },
}
STILL: set[str] = set().union(*WHY_STILL.values())
WHY_NO_SEAT = {
    "It takes a seat, a key or a person away, or makes a seated person an owner": {
        "staff/accounts/apikey/ revoke",
        "staff/accounts/invitation/ withdraw",
        "staff/accounts/membership/ make_owner",
        "staff/accounts/membership/ remove",
        "staff/accounts/scimconnection/ disconnect",
        f"{SEATS}assignment/ release",
    },
    "It raises the soft allowance, which those who wait do not get": {f"{SEATS}seatpool/<path:object_id>/change/"},
    "It sends a mail or a job on its way, or says more of somebody": {
        "staff/accounts/invitation/ resend",
        "staff/accounts/notice/ send_again",
        "staff/accounts/user/<path:object_id>/change/",
        f"{BILLING}idlecredit/ again",
        f"{BILLING}reconciliation/start/",
        f"{BILLING}vendor/<path:object_id>/change/",
        f"{SEATS}peopleimport/ resume",
        f"{SEATS}trueup/ run_again",
        f"{SEATS}usageimport/ resume",
        *(f"{ACCOUNT_ACT} {name}" for name in ("detect", "offer", "review")),
    },
}
NO_SEAT: set[str] = set().union(*WHY_NO_SEAT.values())
# Django's own pages that only read, and its links.
READS = ("_history", "_changelist")
OF_DJANGO = {
    "",
    "index",
    "login",
    "logout",
    "password_change_done",
    "autocomplete",
    "jsi18n",
    "view_on_site",
    "app_list",
}
FILLED_IN = {
    "reason": "To test",
    "post": "yes",
    "confirmed": "yes",
    "seats": "1",
    "until": "2027-01-31",
    "quantity": "60",
    "contact": "olivia@acme.example",
}


@dataclass(frozen=True)
class Screen:
    """One line of the URL map below `staff/`, and the model behind it."""

    path: str
    name: str
    model: type[Model] | None
    shown: Any

    def url(self, object_id: object = "1", act: str = "") -> str:
        """With a row and an act in place."""
        values = {"object_id": str(object_id), "act": act, "app_label": "seats"}
        path = PARAMETER.sub(lambda found: values.get(found[1] or found[2], "1"), self.path)
        return "/" + path.replace("^", "").replace("$", "")


def screens() -> list[Screen]:
    by_name = {f"{model._meta.app_label}_{model._meta.model_name}_": model for model in admin.site._registry}
    found = []
    for path, route in walk(get_resolver().url_patterns):
        if path.startswith(("staff/", "hijack/")):
            name = route.name or ""
            model = next((model for prefix, model in by_name.items() if name.startswith(prefix)), None)
            found.append(Screen(path, name, model, admin.site._registry[model] if model else None))
    return found


def row_of(account: Account, model: type[Model]) -> Model | None:
    """The newest row of a kind, the account's where it has one."""
    mine = {field.name for field in model._meta.concrete_fields}
    rows = model._default_manager.all()
    return (rows.filter(account=account) if "account" in mine else rows).order_by("-pk").first()


def sent_back(page: bytes) -> dict[str, str]:
    """The form of a row as a browser sends it, with its numbers raised and what is missing filled in."""
    forms = [one for one in lxml.html.fromstring(page).forms if one.get("id", "").endswith("_form")]
    if not forms:
        return {}
    form = forms[0]
    found = {name: str(value) for name, value in form.form_values()}
    if "mode" in form.fields:
        found["mode"] = "soft"
    for field in form.inputs:
        if field.get("type") == "number":
            found[field.name] = str(int(field.get("value") or 0) + 1)
    return found | {name: value for name, value in FILLED_IN.items() if name in form.fields and not found.get(name)}


def shut(screen: Screen) -> bool:
    """Whether nobody adds, changes or deletes there: the base of lists that are only looked at says so."""
    act = screen.name.rpartition("_")[2]
    name = f"has_{act}_permission"
    return (
        isinstance(screen.shown, ReadOnlyAdmin)
        and act in ("add", "change", "delete")
        and getattr(type(screen.shown), name) is getattr(ReadOnlyAdmin, name)
    )


def attempts(account: Account, screen: Screen, browser: Client) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Everything that may be sent to one screen, with a name for each."""

    def ask(url: str, **form: str) -> Any:
        return browser.generic("POST", url, urlencoded(FILLED_IN | form), content_type=FORM)

    row = row_of(account, screen.model) if screen.model else None
    row_id = account.pk if screen.path.startswith("staff/seats/signal/accounts/") else getattr(row, "pk", 0)
    if screen.name.endswith("_changelist"):
        for action in screen.shown.actions or ():
            yield f"{screen.path} {action}", partial(ask, screen.url(), action=action, _selected_action=str(row_id))
    elif "<slug:act>" in screen.path:
        for act in ACTS if screen.path == ACCOUNT_ACT else screen.shown.acts:
            yield f"{screen.path} {act.name}", partial(ask, screen.url(row_id, act.name))
    elif screen.name.endswith(("_change", "_add")):
        url = screen.url(row_id)
        page = browser.get(url)
        form = sent_back(page.content) if page.status_code == 200 else {}
        yield screen.path, partial(ask, url, **form)
    elif screen.name not in OF_DJANGO and not screen.name.endswith(READS):
        yield screen.path, partial(ask, screen.url(row_id))


def test_no_act_of_staff_passes_the_limit(fund: FundMaker, now: datetime) -> None:
    world = build("Acme", fund, now)
    account = world.account
    pool = SeatPool.objects.get(account=account)
    SeatPool.objects.filter(pk=pool.pk).update(purchased=pool.assigned)
    waiting = join(account, "Wendy", Role.MEMBER, now)
    wait_for_seat(account=account, membership=waiting, actor=Actor.system("demo"), at=now)
    sam: User = UserFactory.create(email="sam@vendor.example", is_staff=True, is_superuser=True)
    Authenticator.objects.create(user=sam, type=Authenticator.Type.TOTP, data={"secret": "x"})
    browser = Client(raise_request_exception=False)
    browser.force_login(sam, "django.contrib.auth.backends.ModelBackend")

    asked = {door: ask for screen in screens() if not shut(screen) for door, ask in attempts(account, screen, browser)}
    outcomes = {door: tried(account, ask, room=0) for door, ask in asked.items()}

    closed = {door for door, one in outcomes.items() if one.status in (403, 405) and " " not in door}
    still = {door for door, one in outcomes.items() if not (one.wrote or one.spoke)}
    assert {door: one for door, one in outcomes.items() if one.passed_the_limit} == {}
    assert {door for door, one in outcomes.items() if one.filled > 0} == FILLS
    assert {door for door, one in outcomes.items() if one.spoke} == SPEAKS
    assert still - closed == STILL
    assert outcomes.keys() - FILLS - SPEAKS - STILL - closed == NO_SEAT

    for door in sorted(SPEAKS):
        done = outcome_of(account, asked[door])
        assert not done.passed_the_limit, (door, done)
        assert done.status < 400, (door, done)
