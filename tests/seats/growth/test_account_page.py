"""Account 360: what it shows, the clock of procurement, and what staff do from it."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Department, Membership, Notice, User
from billing.models import OfferRequest, StripeEvent, Subscription
from seatportal.templatetags.portal import moment
from seats.growth.accounts import Narrow, accounts_page
from seats.growth.contacts import Coverage, contacts_of, coverage_of, name_contact
from seats.growth.procurement import clock_of, procurement_of, quarter_end, request_clock
from seats.growth.reviews import prepare_review
from seats.insight.runway import Runway
from seats.models import BusinessReview, FeatureRequest, RequestStep, SeatPool, SeatRequest, Signal
from seats.usage.settings import set_usage_settings
from tests.conftest import Funded, make_user
from tests.seatportal.test_staff import BACKEND, staff_user
from tests.seats.growth.conftest import Fill

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(staff_user(), backend=BACKEND)
    return client


@pytest.fixture
def viewer() -> Client:
    """Staff who may look at everything of the account's page, and act on nothing."""
    lea = make_user("Lea", domain="vendor.example", is_staff=True)
    lea.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    Authenticator.objects.create(user=lea, type="totp", data={"secret": "x"})
    client = Client()
    client.force_login(lea, backend=BACKEND)
    return client


def page_of(client: Client, account: Account) -> str:
    response = client.get(reverse("admin:seats_signal_account", args=[account.pk]))
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2026, 1, 1), date(2026, 3, 31)),
        (date(2026, 6, 30), date(2026, 6, 30)),
        (date(2026, 7, 1), date(2026, 9, 30)),
        (date(2026, 12, 31), date(2026, 12, 31)),
    ],
)
def test_the_quarters_last_day(day: date, end: date) -> None:
    assert quarter_end(day) == end


def test_the_clock_of_60_to_90_days() -> None:
    began, today = date(2026, 1, 1), date(2026, 1, 11)
    clock = clock_of(stage="open", seats=40, began=began, since=began, today=today, runway=None)
    assert (clock.earliest, clock.latest, clock.aged) == (date(2026, 3, 2), date(2026, 4, 1), 10)
    assert (clock.crosses, clock.outruns) == (True, False)
    early = clock_of(stage="open", seats=40, began=date(2025, 12, 31), since=began, today=today, runway=None)
    assert (early.latest, early.crosses) == (date(2026, 3, 31), False)
    for first, outruns in ((date(2026, 3, 31), True), (date(2026, 4, 1), False)):
        ends = Runway(first, date(2026, 6, 1))
        assert clock_of(stage="open", seats=1, began=began, since=began, today=today, runway=ends).outruns is outruns


def test_the_offer_goes_before_the_oldest_request(account: Account, member: Membership, now: datetime) -> None:
    assert procurement_of(account, at=now, runway=None) is None
    SeatRequest.objects.create(account=account, membership=member, asked_by=member.user, reason="Work")
    asked = procurement_of(account, at=now, runway=None)
    assert asked is not None
    assert (asked.stage, asked.seats) == ("asked", None)
    offer = OfferRequest.objects.create(
        account=account, quantity=80, contact="a@b.example", state="offered", answered_at=now
    )
    OfferRequest.objects.filter(pk=offer.pk).update(created_at=now - 20 * DAY)
    offered = procurement_of(account, at=now, runway=None)
    assert offered is not None
    assert (offered.stage, offered.seats, offered.aged) == ("offered", 80, 0)
    assert (offered.began, offered.earliest) == ((now - 20 * DAY).date(), (now + 40 * DAY).date())


@pytest.mark.django_db(transaction=True)
def test_a_purchase_that_waits_for_approval_has_the_same_clock(
    funded: Funded, member: Membership, now: datetime
) -> None:
    account = funded.account
    SeatRequest.objects.create(account=account, membership=member, asked_by=member.user, reason="Work")
    asked = SeatRequest.objects.create(
        account=account,
        kind="purchase",
        membership=member,
        asked_by=member.user,
        reason="Sales grows",
        quantity=40,
        currency="usd",
        asked_total=160_000,
        quote_id="qte_1",
    )
    SeatRequest.objects.filter(pk=asked.pk).update(created_at=now - 20 * DAY)
    asked = SeatRequest.objects.select_related("account").get(pk=asked.pk)
    RequestStep.objects.create(request=asked, position=1, role="admin", decided_at=now - 5 * DAY, approved=160_000)

    clock = procurement_of(account, at=now, runway=None)
    assert clock is not None
    assert (clock.stage, clock.seats, clock.aged) == ("approving", 40, 5)
    assert (clock.began, clock.earliest) == ((now - 20 * DAY).date(), (now + 40 * DAY).date())

    # Who pays by card has the seats with the last approval.
    assert request_clock(asked, at=now) is None
    Subscription.objects.filter(account=account).update(collection_method="send_invoice")
    assert request_clock(asked, at=now) == clock
    asked.state = SeatRequest.State.REFUSED
    assert request_clock(asked, at=now) is None
    asked.state, asked.kind = SeatRequest.State.OPEN, SeatRequest.Kind.SEAT
    assert request_clock(asked, at=now) is None


def test_coverage_counts_departments_and_parts(account: Account, member: Membership, owner: Membership) -> None:
    actor = Actor.system("demo")
    assert coverage_of([]) == Coverage(0, 0)
    assert (Coverage(0, 0).percent, Coverage(2, 5).percent, Coverage(1, 1).percent) == (0, 100, 50)
    assert (Coverage(1, 1).enough, Coverage(2, 1).enough, Coverage(1, 2).enough) == (False, True, True)
    member.department = Department.objects.create(account=account, name="Design")
    member.save()
    name_contact(account=account, role="champion", actor=actor, membership=member)
    assert coverage_of(contacts_of(account)) == Coverage(1, 1)
    name_contact(account=account, role="approver", actor=actor, membership=owner)
    assert coverage_of(contacts_of(account)) == Coverage(1, 2)


@pytest.mark.django_db(transaction=True)
def test_the_page_of_a_paying_account(funded: Funded, member: Membership, staff: Client, now: datetime) -> None:
    account = funded.account
    OfferRequest.objects.create(account=account, quantity=80, contact="a@b.example")
    StripeEvent.objects.create(
        event_id="evt_1",
        kind="customer.subscription.updated",
        subscription_stripe_id=funded.subscription.stripe_id,
        stripe_created=now,
        payload={},
    )
    page = page_of(staff, account)
    for text in (
        "Hard limit",
        "Seats over twelve months",
        "Offer asked for",
        "80 seats in all",
        "Expected 60–90 days",
        "customer.subscription.updated",
        "Nothing differs from Stripe.",
        "Run detectors now",
        "Prepare business review",
        "Change the limit",
        "View as Olivia",
        "Coverage 0 %",
    ):
        assert text in page, text


def test_who_was_sent_which_report_and_opened_it(
    account: Account, owner: Membership, fill: Fill, staff: Client, now: datetime
) -> None:
    fill(purchased=10, assigned=1, active=0)
    assert "No report was mailed yet." in page_of(staff, account)
    values: dict[str, Any] = {"account": account, "user": owner.user, "next_try_at": now}
    Notice.objects.create(kind="weekly_digest", key="1", sent_at=now, opened_at=now + DAY, **values)
    Notice.objects.create(kind="value_report", key="2", given_up_at=now, **values)
    Notice.objects.create(kind="receipt", key="3", sent_at=now, **values)

    page = page_of(staff, account)
    section = page[page.index('id="reports"') : page.index('id="money"')]
    assert [name in section for name in ("Weekly digest", "Given up", moment(now + DAY))] == [True, True, True]
    assert section.count("<tr>") == 3


def test_more_history_costs_no_more_statements(
    account: Account, member: Membership, fill: Fill, staff: Client, now: datetime
) -> None:
    fill(purchased=10, assigned=3, active=1)
    page_of(staff, account)
    with CaptureQueriesContext(connection) as few:
        page_of(staff, account)
    for number in range(8):
        Signal.objects.create(
            account=account,
            kind="interest",
            subject=str(number),
            day=now.date(),
            seen_at=now,
            evidence={"left": 1, "refused": 0, "waiting": 0, "last": "2026-01-01"},
        )
        name_contact(account=account, role="finance", actor=Actor.system("demo"), name=f"P{number}")
    with CaptureQueriesContext(connection) as many:
        page_of(staff, account)
    assert len(many) == len(few)
    assert len(few) < 60


def test_who_may_only_look_has_no_buttons_and_is_refused(account: Account, fill: Fill, viewer: Client) -> None:
    fill(purchased=10, assigned=1, active=0)
    page = page_of(viewer, account)
    for text in ("Run detectors now", "Prepare business review", "Change the limit", "View as"):
        assert text not in page
    for name in ("detect", "compare", "review"):
        url = reverse("admin:seats_signal_account_act", args=[account.pk, name])
        assert viewer.get(url).status_code == 403
        assert viewer.post(url, {"reason": "because"}).status_code == 403
    assert not Signal.objects.exists()
    assert not BusinessReview.objects.exists()
    assert not AuditEntry.objects.filter(action__in=("detectors.run", "account.compared", "review.prepared")).exists()


def test_detectors_run_for_this_account_with_a_reason(
    account: Account, staff_member: User, fill: Fill, staff: Client
) -> None:
    fill(purchased=10, assigned=1, active=0)
    url = reverse("admin:seats_signal_account_act", args=[account.pk, "detect"])
    assert "(0 are open)" in staff.get(url).content.decode()
    assert staff.post(url, {"reason": ""}).status_code == 200
    assert not Signal.objects.exists()

    response = staff.post(url, {"reason": "before the call"})

    assert response.status_code == 302
    assert "low_adoption" in Signal.objects.filter(account=account).values_list("kind", flat=True)
    entry = AuditEntry.objects.get(action="detectors.run")
    assert (entry.account, entry.target, entry.summary) == (None, account.public_id, "before the call")
    assert staff.get(reverse("admin:seats_signal_account_act", args=[account.pk, "nothing"])).status_code == 404


def test_a_business_review_has_three_sections_and_a_next_date(
    account: Account, staff_member: User, fill: Fill, staff: Client, now: datetime
) -> None:
    fill(purchased=10, assigned=8, active=8)
    Signal.objects.create(
        account=account,
        kind="crossed_80",
        day=now.date(),
        seen_at=now,
        seats=1,
        evidence={"purchased": 10, "assigned": 8, "active": 8},
    )
    Signal.objects.create(
        account=account, kind="low_health", day=now.date(), seen_at=now, evidence={"score": 40, "use": 80}
    )
    asker = Membership.objects.filter(account=account).earliest("pk")
    for what, state in (("Sign-in by Okta", "new"), ("Two approvers", "planned"), ("Pink buttons", "declined")):
        FeatureRequest.objects.create(
            account=account,
            asked_by=asker,
            what=what,
            why="Work",
            tag="sso",
            state=state,
            answered_at=None if state == "new" else now,
        )
    url = reverse("admin:seats_signal_account_act", args=[account.pk, "review"])
    assert staff.post(url, {"reason": "quarterly"}).status_code == 302

    review = BusinessReview.objects.get()
    assert review.next_on == review.prepared_at.date() + 91 * DAY
    assert set(review.data) == {"value", "opportunities", "roadmap", "private"}
    assert [one["kind"] for one in review.data["opportunities"]["signals"]] == ["crossed_80"]
    page = staff.get(reverse("admin:seats_businessreview_change", args=[review.pk])).content.decode()
    for text in ("Value</h2>", "Opportunities</h2>", "Roadmap</h2>", "8 of 10 seats were active", "Suggested: 1 seat."):
        assert text in page, text
    assert "Poor health" not in page
    assert "Sign-in by Okta" in page
    assert "Two approvers" in page
    assert "Pink buttons" not in page
    assert AuditEntry.objects.get(action="review.prepared").summary == "quarterly"
    assert "Review of" in page_of(staff, account)
    rows, _more = accounts_page(at=now, narrow=Narrow(show="review"))
    assert rows == []
    rows, _more = accounts_page(at=now + 92 * DAY, narrow=Narrow(show="review"))
    assert [row.account for row in rows] == [account]


def test_a_review_of_an_account_in_privacy_mode_tells_nothing_of_few(
    account: Account, actor: Actor, fill: Fill, staff: Client, now: datetime
) -> None:
    fill(purchased=10, assigned=8, active=8)
    for kind, evidence in (
        ("power_users", {"people": 3}),
        ("new_leader", {"leader": "Lena", "title": "Director", "department": ""}),
        ("crossed_80", {"purchased": 10, "assigned": 8, "active": 8}),
    ):
        Signal.objects.create(account=account, kind=kind, day=now.date(), seen_at=now, evidence=evidence)
    set_usage_settings(account=account, keep_days=400, groups_only=True, actor=actor)

    review = prepare_review(account=account, actor=Actor.system("demo"), at=now, reason="x")

    assert [one["kind"] for one in review.data["opportunities"]["signals"]] == ["crossed_80"]


def test_a_review_from_before_privacy_mode_shows_nothing_of_few_any_more(
    account: Account, actor: Actor, fill: Fill, staff: Client, now: datetime
) -> None:
    fill(purchased=10, assigned=8, active=8)
    evidence = {"leader": "Lena", "title": "Director", "department": ""}
    Signal.objects.create(account=account, kind="new_leader", day=now.date(), seen_at=now, evidence=evidence)
    review = prepare_review(account=account, actor=Actor.system("demo"), at=now, reason="x")
    address = reverse("admin:seats_businessreview_change", args=[review.pk])
    assert "Lena" in staff.get(address).content.decode()

    set_usage_settings(account=account, keep_days=400, groups_only=True, actor=actor)

    page = staff.get(address).content.decode()
    assert "Lena" not in page
    assert "Privacy mode was switched on after this review" in page
    assert "8 of 10 seats were active" in page
    renewed = prepare_review(account=account, actor=Actor.system("demo"), at=now, reason="x")
    page = staff.get(reverse("admin:seats_businessreview_change", args=[renewed.pk])).content.decode()
    assert "Privacy mode was switched on after this review" not in page


def test_a_review_keeps_its_day(account: Account, fill: Fill, staff: Client, now: datetime) -> None:
    fill(purchased=10, assigned=8, active=8)
    review = prepare_review(account=account, actor=Actor.system("demo"), at=now, reason="x")
    fill(purchased=20, assigned=8, active=8)
    page = staff.get(reverse("admin:seats_businessreview_change", args=[review.pk])).content.decode()
    assert "8 of 10 seats were active in the last 30 days (80 %)" in page


def test_staff_give_change_and_end_seats_free_of_charge(
    account: Account, staff_member: User, fill: Fill, staff: Client, viewer: Client, now: datetime
) -> None:
    fill(purchased=10, assigned=8, active=8)
    give = reverse("admin:seats_signal_account_act", args=[account.pk, "comp"])
    end = reverse("admin:seats_signal_account_act", args=[account.pk, "end-comp"])
    until = timezone.now().date() + 30 * DAY
    answers = {"seats": "3", "until": until.isoformat(), "reason": "Pilot of the new team"}
    pool = SeatPool.objects.get(account=account)
    for url in (give, end):
        assert viewer.get(url).status_code == 403
        assert viewer.post(url, answers).status_code == 403
    late = {"until": (until + 400 * DAY).isoformat()}
    refusals = ({"seats": "0"}, {"seats": "3.5"}, {"until": "soon"}, {"reason": ""}, late)
    assert [staff.post(give, {**answers, **wrong}).status_code for wrong in refusals] == [200, 200, 200, 200, 409]
    assert staff.post(end, {"reason": "Nothing there"}).status_code == 409
    pool.refresh_from_db()
    assert (pool.comped, pool.limit) == (0, 10)
    assert not AuditEntry.objects.filter(action__startswith="seats.comp").exists()
    assert "10 are purchased, 8 taken." in staff.get(give).content.decode()
    assert "End seats free of charge" not in page_of(staff, account)
    assert "Give seats free of charge" not in page_of(viewer, account)

    assert staff.post(give, answers).status_code == 302
    assert staff.post(give, {**answers, "seats": "1"}).status_code == 302
    pool.refresh_from_db()
    assert (pool.comped, pool.comped_until, pool.limit) == (1, until, 11)
    assert "1 seat free of charge until" in page_of(staff, account)
    assert "1 seat free of charge ends now." in staff.get(end).content.decode()
    assert staff.post(end, {"reason": "They bought"}).status_code == 302

    pool.refresh_from_db()
    assert (pool.comped, pool.limit) == (0, 10)
    trail = AuditEntry.objects.filter(account=account, action__startswith="seats.comp").order_by("pk")
    assert list(trail.values_list("action", "summary")) == [
        ("seats.comped", "Pilot of the new team"),
        ("seats.comped", "Pilot of the new team"),
        ("seats.comp_ended", "They bought"),
    ]
