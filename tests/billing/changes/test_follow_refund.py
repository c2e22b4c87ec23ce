"""A refund that the bank sends back is credit again: once, whatever is lost, repeated or killed (ADR 22)."""

import signal
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.models import AuditEntry, Membership, Notice
from accounts.notices.deliver_notice import deliver_notice
from billing.admin.needs import money_needs
from billing.changes.follow_refund import RefundUnderWay, follow_refund, leave_as_credit, retry_refund
from billing.changes.give_back import give_back, give_back_what_is_due
from billing.changes.rules import KEY_LIFE
from billing.errors import NotOpen
from billing.inbox.fetch_missed_events import fetch_missed_events
from billing.inbox.handle_event import handle_waiting_events
from billing.models import Refund, StripeEvent
from billing.reconcile.reconcile import reconcile_account, reconcile_everybody
from tests.billing.changes.test_give_back import balance, buy_and_undo, carry_on, refunds
from tests.billing.inbox.deliver import deliver, snapshot, thin
from tests.conftest import Funded, FundMaker
from tests.dying import run_and_die
from tests.invariants import broken_invariants
from tests.seatportal.test_staff import staff_user

pytestmark = pytest.mark.django_db(transaction=True)
State = Refund.State
STAFF = Actor.system("admin")


def send_back(funded: Funded, refund: Refund) -> None:
    funded.desk.simulator.control("/_control/refunds", {"refund": refund.refund_stripe_id})


def adjustments(funded: Funded) -> list[int]:
    """The balance's movements that are ours, oldest first."""
    rows = funded.desk.client.v1.customers.balance_transactions.list(funded.customer.stripe_id, {"limit": 100})
    return [row["amount"] for row in rows.to_dict()["data"] if row["metadata"].get("seat_portal_refund")][::-1]


def audited() -> list[str]:
    return list(AuditEntry.objects.filter(action__startswith="refund.").order_by("pk").values_list("action", flat=True))


def returned(funded: Funded, now: datetime) -> Refund:
    """Bought, undone, refunded, sent back, and credit again."""
    refund = buy_and_undo(funded, now)
    send_back(funded, refund)
    assert follow_refund(stripe_id=refund.refund_stripe_id, at=now)
    return give_back(refund_id=refund.pk, at=now)


def test_the_test_card_that_fails_later_is_followed_by_its_event(
    owner: Membership, fund: FundMaker, now: datetime
) -> None:
    funded = fund(owner, card="pm_card_refundFail")
    refund = buy_and_undo(funded, now)
    assert (refund.state, balance(funded), adjustments(funded)) == (State.DONE, 0, [8000])
    assert audited() == ["refund.done"]

    funded.desk.advance(3601)
    fetch_missed_events(at=now)
    assert set(StripeEvent.objects.filter(kind__contains="refund").values_list("kind", flat=True)) == {
        "charge.refund.updated", "refund.failed", "refund.updated",
    }  # fmt: skip
    handle_waiting_events(at=now)
    give_back_what_is_due(at=now)

    refund.refresh_from_db()
    assert (refund.state, refund.failure_reason, refund.returned_at) == (
        State.RETURNED, "expired_or_canceled_card", now,
    )  # fmt: skip
    assert (balance(funded), adjustments(funded)) == (-8000, [8000, -8000])
    assert (refund.credit_stripe_id != "", refund.next_try_at, refund.error) == (True, None, "")
    assert audited() == ["refund.done", "refund.returned", "refund.credited_again"]
    assert not StripeEvent.objects.exclude(state=StripeEvent.State.DONE).exists()
    assert broken_invariants(funded.desk) == []


def test_people_are_told_that_it_is_credit_again(funded: Funded, now: datetime, client_of: Any) -> None:
    refund = returned(funded, now)

    (notice,) = Notice.objects.filter(kind="refund_returned")
    assert notice.user == funded.owner.user
    assert deliver_notice(notice_id=notice.pk, at=now)
    text = str(mail.outbox[-1].body)
    assert "We sent $80.00 of an undone purchase to the card, but the bank did not accept it" in text
    assert "$80.00 are credit of your account again" in text
    purchase = refund.change.undoes
    assert purchase is not None
    page = client_of(funded.owner).get(reverse("seats:purchase", args=[funded.account.slug, purchase.public_id]))
    assert "We sent $80.00 to the card, but the bank sent them back." in " ".join(page.content.decode().split())
    assert "go back to the card" not in page.content.decode()


@pytest.mark.parametrize("status", ["failed", "succeeded"])
@pytest.mark.parametrize("kind", ["refund.failed", "refund.updated", "charge.refund.updated"])
def test_the_event_only_says_where_to_look(funded: Funded, now: datetime, kind: str, status: str) -> None:
    """A delivery that claims a failure is no proof, and one that claims success hides none."""
    refund = buy_and_undo(funded, now)
    if status == "succeeded":
        send_back(funded, refund)
    thing = {"id": refund.refund_stripe_id, "object": "refund", "status": status, "customer": None}

    assert deliver(snapshot("evt_r", kind, thing)).status_code == 200
    assert deliver(thin("evt_t", kind, "refund", refund.refund_stripe_id)).status_code == 200
    assert handle_waiting_events(at=now) == 2
    carry_on(now)

    refund.refresh_from_db()
    came_back = status == "succeeded"
    assert refund.state == (State.RETURNED if came_back else State.DONE)
    assert adjustments(funded) == ([8000, -8000] if came_back else [8000])


def test_an_event_about_a_refund_of_somebody_else_is_kept_and_done(funded: Funded, now: datetime) -> None:
    refund = buy_and_undo(funded, now)
    theirs = funded.desk.client.v1.refunds.create(
        {"payment_intent": _first_payment(funded), "amount": 500, "metadata": {"case": "7"}}
    )
    funded.desk.simulator.control("/_control/refunds", {"refund": theirs.id})

    fetch_missed_events(at=now)
    handle_waiting_events(at=now)
    carry_on(now)

    refund.refresh_from_db()
    assert (refund.state, adjustments(funded)) == (State.DONE, [8000])
    assert not StripeEvent.objects.exclude(state=StripeEvent.State.DONE).exists()


def _first_payment(funded: Funded) -> str:
    rows = funded.desk.client.v1.payment_intents.list({"customer": funded.customer.stripe_id}).to_dict()["data"]
    return str(rows[-1]["id"])


def test_heard_often_it_is_given_again_once(funded: Funded, now: datetime) -> None:
    refund = returned(funded, now)

    assert not follow_refund(stripe_id=refund.refund_stripe_id, at=now)
    give_back(refund_id=refund.pk, at=now)
    carry_on(now)

    assert (adjustments(funded), balance(funded)) == ([8000, -8000], -8000)
    assert Notice.objects.filter(kind="refund_returned").count() == 1
    assert audited() == ["refund.done", "refund.returned", "refund.credited_again"]


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "error500_with_effect", "rate_limit"])
def test_a_lost_answer_gives_it_neither_twice_nor_never(funded: Funded, now: datetime, kind: str) -> None:
    refund = buy_and_undo(funded, now)
    send_back(funded, refund)
    follow_refund(stripe_id=refund.refund_stripe_id, at=now)
    funded.desk.fault(kind, path="/balance_transactions")

    waits = give_back(refund_id=refund.pk, at=now)
    assert (waits.state, waits.credit_stripe_id, waits.next_try_at is not None) == (State.RETURNED, "", True)
    assert not Notice.objects.filter(kind="refund_returned").exists()
    carry_on(now)

    refund.refresh_from_db()
    assert (refund.state, refund.next_try_at, adjustments(funded)) == (State.RETURNED, None, [8000, -8000])
    assert Notice.objects.filter(kind="refund_returned").count() == 1


KILLS = [
    ("after", "billing.changes.give_back:mark_returned"),
    ("before", "billing.gateway.stripe_api:StripeGateway.adjust_balance"),
    ("after", "billing.gateway.stripe_api:StripeGateway.adjust_balance"),
    ("before", "billing.changes.give_back:_audit"),
    ("after", "billing.changes.give_back:_audit"),
]


@pytest.mark.parametrize(("when", "place"), KILLS)
def test_killed_at_any_step_it_is_given_again_once(
    funded: Funded, now: datetime, child_environment: dict[str, str], when: str, place: str
) -> None:
    refund = buy_and_undo(funded, now)
    send_back(funded, refund)
    if "mark_returned" in place:
        place = "billing.changes.follow_refund:mark_returned"
        fetch_missed_events(at=now)
        verb = ["billing.inbox.handle_event:handle_waiting_events"]
    else:
        follow_refund(stripe_id=refund.refund_stripe_id, at=now)
        verb = ["billing.changes.give_back:give_back", f"refund_id={refund.pk}"]

    child = run_and_die(when, place, verb, child_environment)
    assert child.returncode == -signal.SIGKILL, child.stderr
    for minutes in (3, 10):
        handle_waiting_events(at=now + timedelta(minutes=minutes))
    carry_on(now + timedelta(minutes=10))

    refund.refresh_from_db()
    assert (refund.state, refund.next_try_at) == (State.RETURNED, None)
    assert (adjustments(funded), balance(funded)) == ([8000, -8000], -8000)
    assert Notice.objects.filter(kind="refund_returned").count() == 1
    assert audited() == ["refund.done", "refund.returned", "refund.credited_again"]


def test_one_that_fails_before_its_credit_left_gives_nothing_twice(funded: Funded, now: datetime) -> None:
    """The answer to the refund is lost, and the bank is faster than we are."""
    refund = buy_and_undo(funded, now, ("reset_after", "/v1/refunds"))
    (there,) = refunds(funded)
    funded.desk.simulator.control("/_control/refunds", {"refund": there["id"]})

    carry_on(now)

    refund.refresh_from_db()
    assert (refund.state, refund.refund_stripe_id, refund.next_try_at) == (State.RETURNED, there["id"], None)
    assert (adjustments(funded), balance(funded)) == ([], -8000)
    assert Notice.objects.filter(kind="refund_returned").count() == 1


def test_while_its_own_calls_are_under_way_the_event_waits(funded: Funded, now: datetime) -> None:
    refund = buy_and_undo(funded, now, ("reset_before", "/balance_transactions"))
    assert refund.state == State.DUE
    send_back(funded, refund)
    with pytest.raises(RefundUnderWay):
        follow_refund(stripe_id=refund.refund_stripe_id, at=now)
    fetch_missed_events(at=now)
    handle_waiting_events(at=now)
    assert StripeEvent.objects.filter(kind="refund.failed", state=StripeEvent.State.WAITING).count() == 1

    carry_on(now)
    handle_waiting_events(at=now + timedelta(hours=3))
    carry_on(now + timedelta(hours=3))

    refund.refresh_from_db()
    assert (refund.state, adjustments(funded), balance(funded)) == (State.RETURNED, [8000, -8000], -8000)


@pytest.mark.parametrize("everybody", [False, True])
def test_the_nightly_comparison_finds_one_whose_event_was_lost(funded: Funded, now: datetime, everybody: bool) -> None:
    refund = buy_and_undo(funded, now)
    send_back(funded, refund)

    report = reconcile_everybody(at=now) if everybody else reconcile_account(account=funded.account, at=now)
    assert (report.failed, report.found) == (0, 1)
    refund.refresh_from_db()
    assert (refund.state, adjustments(funded)) == (State.RETURNED, [8000])  # It reads; the sweep gives.
    carry_on(now)

    assert adjustments(funded) == [8000, -8000]
    assert reconcile_account(account=funded.account, at=now).found == 0


def test_staff_try_it_again_and_the_card_gets_it(funded: Funded, now: datetime) -> None:
    refund = returned(funded, now)
    staff = Client()
    staff.force_login(staff_user(), backend="django.contrib.auth.backends.ModelBackend")
    (need,) = [need for need in money_needs() if "bank sent back" in str(need.label)]
    assert need.count == 1
    assert refund.public_id in staff.get(need.url).content.decode()
    page = reverse("admin:billing_refund_change", args=[refund.pk])
    act = reverse("admin:billing_refund_act", args=[refund.pk, "again"])
    assert "Try the refund again" in staff.get(page).content.decode()
    assert staff.post(act, {"reason": ""}).status_code == 200
    assert len(refunds(funded)) == 1

    assert staff.post(act, {"reason": "New card at the same bank"}).status_code == 302

    refund.refresh_from_db()
    assert (refund.state, refund.attempt, refund.returned_at) == (State.DONE, 2, None)
    assert [(row["status"], row["metadata"]["seat_portal_refund"]) for row in refunds(funded)] == [
        ("succeeded", f"{refund.public_id}:2"),
        ("failed", refund.public_id),
    ]
    assert (adjustments(funded), balance(funded)) == ([8000, -8000, 8000], 0)
    assert audited()[-2:] == ["refund.again", "refund.done"]
    assert AuditEntry.objects.get(action="refund.again").summary == "New card at the same bank"
    assert "Try the refund again" not in staff.get(page).content.decode()
    staff.post(act, {"reason": "Twice"})
    assert len(refunds(funded)) == 2
    assert broken_invariants(funded.desk) == []


def test_the_second_try_comes_back_like_the_first(owner: Membership, fund: FundMaker, now: datetime) -> None:
    funded = fund(owner, card="pm_card_refundFail")
    refund = returned_by_time(funded, now)

    retry_refund(refund=refund, actor=STAFF, at=now, reason="Once more")
    refund.refresh_from_db()
    assert (refund.state, balance(funded)) == (State.DONE, 0)
    refund = returned_by_time(funded, now)

    assert (refund.state, refund.attempt) == (State.RETURNED, 2)
    assert (adjustments(funded), balance(funded)) == ([8000, -8000, 8000, -8000], -8000)
    assert Notice.objects.filter(kind="refund_returned").count() == 2


def returned_by_time(funded: Funded, now: datetime) -> Refund:
    refund = Refund.objects.first() or buy_and_undo(funded, now)
    funded.desk.advance(3601)
    fetch_missed_events(at=now)
    handle_waiting_events(at=now + timedelta(minutes=1))
    give_back_what_is_due(at=now + timedelta(minutes=1))
    refund.refresh_from_db()
    return refund


def test_credit_that_was_used_since_does_not_go_to_the_card_as_well(funded: Funded, now: datetime) -> None:
    refund = returned(funded, now)
    funded.desk.client.v1.customers.balance_transactions.create(
        funded.customer.stripe_id, {"amount": 100, "currency": "usd"}
    )

    with pytest.raises(NotOpen, match="has used this credit since"):
        retry_refund(refund=refund, actor=STAFF, at=now, reason="Again")

    refund.refresh_from_db()
    assert (refund.state, refund.attempt, len(refunds(funded)), balance(funded)) == (State.RETURNED, 1, 1, -7900)


def test_a_refused_one_is_tried_again_with_a_key_of_its_own(funded: Funded, now: datetime) -> None:
    refund = buy_and_undo(funded, now, ("reset_before", "/v1/refunds"))
    give_back_what_is_due(at=now + KEY_LIFE)
    refund.refresh_from_db()
    assert (refund.state, balance(funded), audited()) == (State.REFUSED, -8000, ["refund.refused"])

    retry_refund(refund=refund, actor=STAFF, at=now + KEY_LIFE, reason="The key was old")

    refund.refresh_from_db()
    assert (refund.state, balance(funded), len(refunds(funded))) == (State.DONE, 0, 1)
    key = next(
        r["idempotency_key"]
        for r in funded.desk.requests()
        if r["path"] == "/v1/refunds" and r["method"] == "POST" and r["status"] == 200
    )
    assert key == f"refund:{refund.public_id}:2"


def test_one_that_was_thought_lost_is_found_instead_of_sent_again(funded: Funded, now: datetime) -> None:
    refund = buy_and_undo(funded, now, ("reset_after", "/v1/refunds"))
    Refund.objects.filter(pk=refund.pk).update(state=State.REFUSED, next_try_at=None)
    refund.refresh_from_db()

    retry_refund(refund=refund, actor=STAFF, at=now, reason="Look again")

    refund.refresh_from_db()
    (there,) = refunds(funded)
    assert (refund.state, refund.refund_stripe_id, balance(funded)) == (State.DONE, there["id"], 0)


def test_left_as_credit_it_is_off_the_list(funded: Funded, now: datetime) -> None:
    refund = returned(funded, now)

    leave_as_credit(refund=refund, actor=STAFF, at=now, reason="They keep it")

    refund.refresh_from_db()
    assert (refund.state, balance(funded), len(refunds(funded))) == (State.LEFT, -8000, 1)
    assert AuditEntry.objects.get(action="refund.left").summary == "They keep it"
    assert [need.count for need in money_needs() if "efund" in str(need.label)] == [0, 0]
    with pytest.raises(NotOpen):
        retry_refund(refund=refund, actor=STAFF, at=now, reason="Changed my mind")
    assert len(refunds(funded)) == 1


def test_staff_who_may_only_look_move_no_money(funded: Funded, now: datetime) -> None:
    refund = returned(funded, now)
    looker = staff_user()
    looker.is_superuser = False
    looker.save()
    looker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    viewer = Client()
    viewer.force_login(looker, backend="django.contrib.auth.backends.ModelBackend")
    page = viewer.get(reverse("admin:billing_refund_change", args=[refund.pk])).content.decode()
    assert (refund.public_id in page, "Try the refund again" in page) == (True, False)

    viewer.post(reverse("admin:billing_refund_act", args=[refund.pk, "again"]), {"reason": "Let me"})

    refund.refresh_from_db()
    assert (refund.state, len(refunds(funded))) == (State.RETURNED, 1)
