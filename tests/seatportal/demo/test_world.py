"""The demo's world, built once on the real simulator, has exactly the figures that it promises."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.access.actor import Actor
from accounts.directory.authenticate import authenticate_directory
from accounts.keys.authenticate_key import authenticate_key
from accounts.members.queries import accounts_of, members_of, open_invitations_of
from accounts.models import Account, AuditEntry, JoinRequest, MailDomain, Role, SsoConnection, User
from billing.mirror.queries import (
    card_of,
    customer_of,
    invoices_of,
    live_subscription,
    open_decrease,
    overdue_invoice,
    seat_item,
)
from billing.models import Invoice, Plan, Price, QuantityChange, Terms
from billing.models import Vendor as Seller
from billing.quotes.quote_quantity import quote_quantity
from seatportal.demo import catalogue, stories
from seatportal.demo.firm import Firm
from seatportal.demo.timeline import Timeline
from seatportal.demo.vendor import Vendor
from seatportal.demo.world import BEGINNING
from seatportal.kit import clock
from seats.holders.queries import SeatCounts, seat_counts
from seats.invariants.check_invariants import check_invariants
from seats.models import (
    DailyUsage,
    ExpansionTask,
    FeatureRequest,
    ImportedPerson,
    LedgerEntry,
    Nudge,
    Pause,
    PeerBand,
    PeopleImport,
    RegionPool,
    RoiVersion,
    SeatRequest,
    SharingCase,
    Signal,
    Tranche,
    TrueUp,
    ValueReport,
)
from seats.pool.budgets import budgets_of
from seats.pool.ledger import purchased_by_ledger
from seats.requests.steps import approvers_of, turn_of
from seats.true_up.decide_true_up import effect_of
from seats.value.plans import open_plan
from seats.value.report import result_of
from tests.services import Simulator

# Purchased, held, reserved, active and waiting of each account; Falkenried's active people follow the weekday.
FIGURES = {
    "brightwater-studio": (10, 9, 0, 8, 0),
    "quillmark-press": (10, 10, 0, 6, 2),
    "harbourline-logistics": (10, 12, 0, 10, 0),
    "saffron-pine": (6, 5, 0, 4, 0),
    "fernhollow-research": (0, 0, 0, 0, 0),
    "cooperativa-valdeluz": (12, 9, 0, 6, 0),
    "mizuhara-craft": (6, 5, 0, 4, 0),
    "tidewell-clinics": (9, 8, 1, 6, 0),
    "northfen-council": (11, 5, 0, None, 0),
    "falkenried-maschinenbau": (1020, 1000, 0, None, 0),
}


def seed(capsys: pytest.CaptureFixture[str], directory: Path) -> dict[str, Any]:
    """Run the command as the demo does and read its last line."""
    call_command("seed", "--json", "--data", str(directory))
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def account(slug: str) -> Account:
    return Account.objects.get(slug=slug)


def counts(slug: str) -> SeatCounts:
    return seat_counts(account(slug), clock.now())


@pytest.fixture
def empty_simulator(simulator: Simulator, settings: Any) -> Any:
    """A simulator that is left empty too, with its time set right again."""
    settings.STRIPE_API_BASE = simulator.url
    yield simulator
    simulator.reset()


@pytest.mark.django_db(transaction=True)
def test_a_build_cut_short_is_begun_again_and_a_finished_one_is_found(
    empty_simulator: Simulator,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Firm, "put_card", _killed)
        with pytest.raises(SystemExit):
            seed(capsys, tmp_path)
    assert Account.objects.count() == 1

    logins = seed(capsys, tmp_path)

    _check_figures()
    _check_brightwater(logins)
    _check_the_others()
    _check_rules(logins)
    _check_the_account_team(logins)
    _check_value()
    before = (Account.objects.count(), User.objects.count(), AuditEntry.objects.count(), Price.objects.count())
    assert seed(capsys, tmp_path) == logins
    assert before == (
        Account.objects.count(),
        User.objects.count(),
        AuditEntry.objects.count(),
        Price.objects.count(),
    )
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600


def _check_the_account_team(logins: dict[str, Any]) -> None:
    """What the first sweep finds, and what follows from it."""

    def kinds(slug: str) -> set[str]:
        found = Signal.objects.filter(account=account(slug), ended_at=None)
        return set(found.values_list("kind", flat=True))

    assert {"crossed_80", "few_left", "champion_left", "feature_asked"} <= kinds("brightwater-studio")
    assert {"crossed_80", "limit_reached", "interest"} <= kinds("quillmark-press")
    assert "value_proven" in kinds("brightwater-studio")
    assert "low_adoption" in kinds("northfen-council")
    assert "renewal_at_risk" in kinds("cooperativa-valdeluz")
    assert kinds("fernhollow-research") == set()
    task = ExpansionTask.objects.get(account=account("brightwater-studio"), playbook="capacity")
    assert task.owner == User.objects.get(email=logins["staff"]["email"])
    assert (task.quantity, task.value, task.value_currency, task.value_interval) == (3, 120_00, "usd", "month")
    assert not ExpansionTask.objects.filter(account=account("northfen-council"), expands=True).exists()
    wishes = FeatureRequest.objects.filter(account=account("brightwater-studio")).order_by("created_at")
    assert [wish.state for wish in wishes] == ["planned", "declined", "new"]
    assert Nudge.objects.get(account=account("harbourline-logistics")).given_back_at is None


def _check_value() -> None:
    """A plan on day 37 with a proven goal, a report, two saved returns, and six peers."""
    at = clock.now()
    plan = open_plan(account("brightwater-studio"), at)
    assert plan is not None
    assert plan.clock.day in (37, 38)  # the test may run over midnight
    assert [one.met for one in plan.goals] == [True, False, False]
    assert [one.percent for one in plan.goals][:2] == [100, 50]
    assert plan.goals[2].value is not None
    assert RoiVersion.objects.filter(account=account("brightwater-studio"), active=8).count() == 2
    assert result_of(ValueReport.objects.get(account=account("quillmark-press"))).met == 1
    band = PeerBand.objects.get()
    assert (band.industry, band.size, band.accounts) == ("services", "1–10", 6)


def _killed(*_: Any, **__: Any) -> None:
    raise SystemExit(137)


def _check_figures() -> None:
    assert set(Account.objects.values_list("slug", flat=True)) == set(FIGURES)
    for slug, (purchased, held, reserved, active, waiting) in FIGURES.items():
        found = counts(slug)
        assert (found.purchased, found.held, found.reserved, found.waiting) == (purchased, held, reserved, waiting), (
            slug
        )
        assert found.active == active or (active is None and found.active >= min(40, held // 2)), slug
        assert purchased_by_ledger(account(slug)) == purchased, slug
    assert (Plan.objects.filter(active=True).count(), Plan.objects.get(name="Scale").minimum_seats) == (4, 10)


def _check_brightwater(logins: dict[str, Any]) -> None:
    home = account("brightwater-studio")
    owner = User.objects.get(email=logins["admin"]["email"])
    subscription = live_subscription(home)
    assert subscription is not None
    quote = quote_quantity(account=home, actor=Actor(user=owner), add=2, at=clock.now())
    assert (quote.amount_due, quote.total, quote.currency) == (4000, 4000, "usd")
    assert subscription.status == "active"
    card = card_of(home)
    assert card is not None
    assert card.last4 == "4242"

    bought = LedgerEntry.objects.filter(account=home, kind__in=LedgerEntry.PURCHASES).order_by("at")
    assert [(e.purchased_before, e.purchased_after) for e in bought] == [(0, 5), (5, 8), (8, 10)]
    months = [(clock.now() - entry.at).days // 30 for entry in bought]
    assert months[0] >= 13
    assert months[1:] == [6, 2]
    assert invoices_of(home).count() == 16
    assert set(invoices_of(home).values_list("status", flat=True)) == {"paid"}
    assert members_of(home).count() == 14
    assert set(members_of(home).values_list("role", flat=True)) == set(Role.values)
    asked = SeatRequest.objects.filter(account=home, state=SeatRequest.State.OPEN)
    assert sorted(asked.values_list("kind", "quantity")) == [("purchase", 6), ("seat", None)]
    assert open_invitations_of(home).count() == 1
    # The trail tells the past when it happened.
    assert AuditEntry.objects.filter(account=home, at__lt=clock.now() - timedelta(days=300)).exists()

    assert [found.slug for found in accounts_of(owner)] == ["brightwater-studio", "harbourline-logistics"]
    directory = authenticate_directory(logins["scim_token"], clock.now())
    assert directory is not None
    assert directory.account == home
    key = authenticate_key(logins["api_key"], clock.now())
    assert key is not None
    assert key.account == home
    for login in (logins["admin"], logins["member"], logins["staff"]):
        user = User.objects.get(email=login["email"])
        assert user.check_password(login["password"])
        assert EmailAddress.objects.filter(user=user, verified=True, primary=True).exists()
    assert User.objects.get(email=logins["staff"]["email"]).is_superuser
    assert members_of(home).get(user__email=logins["member"]["email"]).role == Role.MEMBER
    browser = Client()
    browser.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    assert "8 of 10" in browser.get(f"/a/{home.slug}/", follow=True).content.decode()


def _check_rules(logins: dict[str, Any]) -> None:
    """What the customer's admin finds to decide, and what is set up around it."""
    home, owner = account("brightwater-studio"), User.objects.get(email=logins["admin"]["email"])
    asked = SeatRequest.objects.get(account=home, kind=SeatRequest.Kind.PURCHASE)
    turn = turn_of(asked)
    assert turn is not None
    assert turn.position == 2
    assert [one.user for one in approvers_of(asked, turn)] == [owner]
    assert [(use.budget, use.left) for use in budgets_of(home) if use.budget] == [
        (250_00, 50_00),
        (100_00, 0),
        (150_00, 100_00),
    ]
    assert list(Tranche.objects.filter(account=home).order_by("due_on").values_list("state", "held_code")) == [
        ("held", "adoption_low"),
        ("planned", ""),
        ("planned", ""),
    ]
    assert PeopleImport.objects.get(account=home).state == PeopleImport.State.DRAFT
    assert MailDomain.objects.get(account=home).verified_at is None
    assert Seller.objects.get().iban

    guest = account("harbourline-logistics")
    imported = PeopleImport.objects.get(account=guest)
    assert imported.state == PeopleImport.State.DONE
    assert [row.code for row in ImportedPerson.objects.filter(people_import=imported) if row.code] == ["bad_address"]
    assert Pause.objects.get(account=guest).membership.user.name == "Tilda Moen"
    pools = RegionPool.objects.filter(account=guest).order_by("region__name")
    assert [(one.region.name, one.seats, one.assigned) for one in pools] == [("Africa", 1, 1), ("Asia-Pacific", 2, 2)]
    assert MailDomain.objects.get(account=guest).verified_at is not None
    assert SsoConnection.objects.get(account=guest).enabled_at is not None
    assert JoinRequest.objects.filter(account=guest, state=JoinRequest.State.OPEN).count() == 2
    assert check_invariants(at=clock.now()) == []


def _check_the_others() -> None:
    full, over = counts("quillmark-press"), counts("harbourline-logistics")
    assert (full.mode, full.at_limit, full.free) == ("hard", True, 0)
    assert (over.mode, over.allowance, over.over, over.limit, over.grace_days) == ("soft", 3, 2, 13, 30)

    review = TrueUp.objects.get()
    assert (review.account.slug, review.state) == ("harbourline-logistics", TrueUp.State.REVIEW)
    assert (review.purchased, review.peak, review.target) == (10, 12, 12)
    assert review.people.count() == 2
    assert effect_of(review).charged == 2

    [case] = SharingCase.objects.all()
    assert (case.membership.user.email, case.devices, case.at_once, case.extra_people) == (
        "shared@harbourline.example",
        3,
        3,
        2,
    )
    assert (case.answer, case.closed_at) == ("", None)
    assert case.shown_at is not None
    out = StringIO()
    call_command("run_detectors", account="harbourline-logistics", stdout=out)
    assert "shared sign-in shared@harbourline.example, shown to admins: Used on 3 devices" in out.getvalue()
    assert "Device A, Device B and Device C were in use at once" in out.getvalue()
    assert "lucia.ferrer@" not in out.getvalue()

    late = live_subscription(account("saffron-pine"))
    unpaid = overdue_invoice(account("saffron-pine"))
    assert late is not None
    assert unpaid is not None
    assert (late.status, unpaid.status, unpaid.amount_remaining, unpaid.billing_reason) == (
        "past_due",
        "open",
        30_000,
        "subscription_cycle",
    )

    large = account("falkenried-maschinenbau")
    assert (members_of(large).count(), large.locale) == (1071, "de")
    assert members_of(large).values("region").distinct().count() == 3
    assert members_of(large).values("department").distinct().count() == 7
    assert _price("falkenried-maschinenbau") == ("volume", "eur", "month")
    raised = LedgerEntry.objects.filter(account=large, kind=LedgerEntry.Kind.EXTERNAL).get()
    assert (raised.purchased_before, raised.purchased_after) == (700, 1020)

    empty = account("fernhollow-research")
    assert (live_subscription(empty), customer_of(empty), members_of(empty).count()) == (None, None, 1)

    annual = account("cooperativa-valdeluz")
    plan = open_decrease(annual)
    assert plan is not None
    assert (plan.base_quantity, plan.renew_quantity, annual.locale) == (12, 10, "es")
    assert _price("cooperativa-valdeluz") == ("flat", "eur", "year")
    year = Terms.objects.get(account=annual)
    assert (year.committed_quantity, year.committed_until) == (12, plan.effective_at)
    council = account("northfen-council")
    agreed = Terms.objects.get(account=council)
    assert (agreed.credit_limit, agreed.po_number) == (250_000, "NC-2214")
    change = QuantityChange.objects.get(account=council)
    assert (change.on_credit, change.po_number, change.state) == (True, "NC-2214", "applied")
    owed = Invoice.objects.get(account=council, status="open")
    assert (owed.stripe_id, owed.amount_remaining) == (change.invoice_stripe_id, change.charged_due)
    assert overdue_invoice(council) is None
    assert _price("northfen-council") == ("flat", "usd", "year")
    assert _price("mizuhara-craft") == ("graduated", "jpy", "month")
    assert _price("tidewell-clinics") == ("volume", "usd", "month")
    credited = customer_of(account("tidewell-clinics"))
    assert credited is not None
    assert credited.balance == -7500
    # Nothing is counted that has not happened yet, nor before somebody joined.
    assert not DailyUsage.objects.filter(day__gt=clock.now().date() + timedelta(days=1)).exists()


def _price(slug: str) -> tuple[str, str, str]:
    subscription = live_subscription(account(slug))
    assert subscription is not None
    item = seat_item(subscription)
    assert item is not None
    return item.price.scheme, item.price.currency, item.price.interval


@pytest.mark.django_db(transaction=True)
def test_on_a_day_without_half_a_month_two_seats_cost_as_much(
    empty_simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stories, "half_way", lambda _: None)
    now, vendor = clock.now(), Vendor(empty_simulator.url)
    vendor.begin(ago=BEGINNING, now=now)
    catalogue.publish(vendor)
    catalogue.publish_thirty_days(vendor)
    line = Timeline(vendor)
    firm = stories.brightwater(line, vendor, now)
    line.play(until=now)

    quote = quote_quantity(account=firm.account, actor=firm.actor, add=2, at=clock.now())

    assert (quote.amount_due, quote.target_quantity) == (4000, 12)
    assert seat_counts(firm.account, clock.now()).active == 8


@pytest.mark.django_db
def test_a_database_with_people_is_refused(
    member: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path, settings: Any
) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="holds people already"):
        seed(capsys, tmp_path)
    assert User.objects.count() == 2
    settings.STRIPE_API_BASE = ""
    with pytest.raises(CommandError, match="STRIPE_API_BASE"):
        seed(capsys, tmp_path)
