"""The ten scars of the systems that do this job, by name. Scars 1, 6 and 8 have files of their own: tests/races,
tests/billing/inbox/test_webhooks.py and test_killed.py."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.members.accept_invitation import accept_invitation
from accounts.members.add_member import add_member
from accounts.members.invitations import expire_invitations, token_of
from accounts.models import Account, Invitation, Membership, Role
from billing.changes.buy_quote import buy_quote
from billing.changes.decreases import plan_decrease, withdraw_decrease
from billing.changes.pending import cancel_change
from billing.gateway.stripe_api import gateway
from billing.inbox.handle_event import handle_waiting_events
from billing.inbox.receive_event import receive_event
from billing.mirror.refresh import refresh_subscription
from billing.models import QuantityChange, StripeEvent
from billing.quotes.quote_quantity import quote_quantity
from seats.errors import SeatLimitReached
from seats.holders.admit_waiting import admit_waiting
from seats.holders.assign_seat import assign_seat
from seats.holders.planned import seat_planned
from seats.holders.reserve_seat import invite_with_seat
from seats.holders.wait import wait_for_seat
from seats.models import Assignment, LedgerEntry, PlannedHolder, SeatPool, SeatRequest, WaitingPerson
from tests.conftest import Funded, FundMaker, join, make_user
from tests.integrator import Integrator, integrator_of
from tests.invariants import broken_invariants
from tests.races.test_last_seat import buy

State = QuantityChange.State
Door = Callable[["Full"], None]


class Full:
    """An account whose two seats are taken, and somebody who would like one."""

    def __init__(self, account: Account, owner: Membership, actor: Actor, now: datetime) -> None:
        self.account, self.owner, self.actor, self.now = account, owner, actor, now
        buy(account, 2, now)
        for name in ("Ann", "Bob"):
            assign_seat(account=account, membership=join(account, name, Role.MEMBER, now), actor=actor, at=now)
        self.wants = join(account, "Wendy", Role.MEMBER, now)
        self.page = Client()
        self.page.force_login(owner.user, backend="django.contrib.auth.backends.ModelBackend")
        self.api: Integrator = integrator_of(owner, now)

    def post(self, name: str, *args: str, **data: object) -> None:
        """Use a page as the owner would; it says why not, and does not crash."""
        answer = self.page.post(reverse(name, args=[self.account.slug, *args]), data)
        assert answer.status_code in (409, 422), answer.status_code
        assert "2 seats" in answer.content.decode() or "seats are in use" in answer.content.decode()


def by_assign_page(full: Full) -> None:
    full.post("seats:assign", person=full.wants.user.email)


def by_assign_page_with_an_address(full: Full) -> None:
    full.post("seats:assign", person="new@acme.example")


def by_bulk_page(full: Full) -> None:
    full.post("seats:bulk", action="assign", confirmed="yes", person=[full.wants.public_id])


def by_api_for_a_member(full: Full) -> None:
    answer = full.api.post("assignments", {"member_id": full.wants.public_id})
    assert (answer.status_code, answer.json()["code"]) == (409, "seat_limit_reached")


def by_api_for_an_address(full: Full) -> None:
    answer = full.api.post("assignments", {"email": "new@acme.example"})
    assert (answer.status_code, answer.json()["code"]) == (409, "seat_limit_reached")


def by_invitation(full: Full) -> None:
    with pytest.raises(SeatLimitReached):
        invite_with_seat(
            account=full.account,
            email="new@acme.example",
            role=Role.MEMBER,
            department=None,
            name="",
            actor=full.actor,
            at=full.now,
        )


def by_joining(full: Full) -> None:
    """Sign-up by an invitation without a seat makes a member, never a holder."""
    add_member(account=full.account, user=make_user("Jo"), role=Role.MEMBER, at=full.now, actor=Actor.system("sign_up"))


def by_approving_a_request(full: Full) -> None:
    asked = SeatRequest.objects.create(
        account=full.account, membership=full.wants, asked_by=full.wants.user, reason="Work"
    )
    full.post("seats:decide", asked.public_id, decision="approve", answer="Yes")
    asked.refresh_from_db()
    assert asked.state == SeatRequest.State.OPEN


def by_the_queue(full: Full) -> None:
    wait_for_seat(account=full.account, membership=full.wants, actor=full.actor, at=full.now)
    assert admit_waiting(account=full.account, at=full.now) == 0


def by_people_planned_for_a_purchase(full: Full) -> None:
    PlannedHolder.objects.create(account=full.account, quote_id="qte_x", membership=full.wants)
    PlannedHolder.objects.create(account=full.account, quote_id="qte_x", email="new@acme.example")
    assert seat_planned(account=full.account, quote_id="qte_x", at=full.now) == 0
    assert all(row.problem for row in PlannedHolder.objects.all())


DOORS: list[Door] = [
    by_assign_page,
    by_assign_page_with_an_address,
    by_bulk_page,
    by_api_for_a_member,
    by_api_for_an_address,
    by_invitation,
    by_joining,
    by_approving_a_request,
    by_the_queue,
    by_people_planned_for_a_purchase,
]


@pytest.mark.django_db
@pytest.mark.parametrize("door", DOORS)
def test_scar_2_every_door_refuses_at_the_limit(
    account: Account, owner: Membership, actor: Actor, now: datetime, door: Door
) -> None:
    full = Full(account, owner, actor, now)
    history = LedgerEntry.objects.count()

    door(full)

    pool = SeatPool.objects.get(account=account)
    assert (pool.assigned, Assignment.objects.filter(ended_at=None).count()) == (2, 2)
    assert not Assignment.objects.filter(membership=full.wants).exists()
    assert not Invitation.objects.exists()
    assert LedgerEntry.objects.count() == history
    assert mail.outbox == []


@pytest.mark.django_db
def test_scar_3_an_invitation_is_one_seat_until_it_ends(account: Account, actor: Actor, now: datetime) -> None:
    buy(account, 1, now)

    def invite() -> tuple[Invitation, Assignment]:
        return invite_with_seat(
            account=account,
            email="ivy@acme.example",
            role=Role.MEMBER,
            department=None,
            name="Ivy",
            actor=actor,
            at=now,
        )

    invitation, seat = invite()
    again, same = invite()
    assert (again.pk, same.pk) == (invitation.pk, seat.pk)
    assert SeatPool.objects.get(account=account).assigned == 1

    ivy = accept_invitation(token=token_of(invitation), user=make_user("Ivy"), at=now, actor=Actor.system("invitation"))

    seat.refresh_from_db()
    assert (seat.state, seat.membership, seat.ended_at) == (Assignment.State.HELD, ivy, None)
    assert SeatPool.objects.get(account=account).assigned == 1
    assert Assignment.objects.count() == 1


@pytest.mark.django_db
def test_scar_3_an_invitation_that_ran_out_frees_its_seat_for_the_queue(
    account: Account, actor: Actor, now: datetime
) -> None:
    buy(account, 1, now)
    wants = join(account, "Wendy", Role.MEMBER, now)
    invite_with_seat(
        account=account, email="ivy@acme.example", role=Role.MEMBER, department=None, name="", actor=actor, at=now
    )
    wait_for_seat(account=account, membership=wants, actor=actor, at=now)

    assert expire_invitations(at=now + timedelta(days=8)) == 1

    held = Assignment.objects.get(ended_at=None)
    assert held.membership == wants
    assert WaitingPerson.objects.get().served_at is not None
    assert SeatPool.objects.get(account=account).assigned == 1


@pytest.mark.django_db(transaction=True)
def test_scar_4_the_quote_describes_the_very_operation_that_is_charged(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=3, at=now)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    asked = funded.desk.simulator.get("/_control/requests")["requests"]
    previewed = next(r["params"] for r in asked if r["path"].endswith("create_preview"))["subscription_details"]
    charged = next(r["params"] for r in asked if (r["idempotency_key"] or "").startswith("seatchg:"))
    assert {name: charged[name] for name in ("items", "proration_behavior", "proration_date")} == previewed
    assert int(charged["proration_date"]) == quote.proration_date
    assert (change.charged_total, change.charged_due) == (quote.total, quote.amount_due)


@pytest.mark.django_db(transaction=True)
def test_scar_5_no_seat_before_the_money_and_none_after_it_was_refused(
    owner: Membership, fund: FundMaker, now: datetime
) -> None:
    funded = fund(owner, card="pm_card_authenticationRequired")
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    assert (change.state, SeatPool.objects.get(account=funded.account).purchased) == (State.AWAITING_PAYMENT, 10)

    change = cancel_change(account=funded.account, change_id=change.public_id, actor=funded.actor, at=now)

    assert change.state == State.ABANDONED
    assert [i["status"] for i in funded.desk.invoices(funded.stripe_id, billing_reason="subscription_update")] == [
        "void"
    ]
    assert SeatPool.objects.get(account=funded.account).purchased == 10
    assert broken_invariants(funded.desk) == []


@pytest.mark.django_db(transaction=True)
def test_scar_7_what_is_sent_is_absolute_and_drift_is_taken_over(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    change = buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    assert change.params["items"] == [{"id": change.item_stripe_id, "quantity": 12}]

    funded.desk.client.v1.subscriptions.update(
        funded.stripe_id, {"items": [{"id": change.item_stripe_id, "quantity": 15}]}
    )
    refresh_subscription(stripe_id=funded.stripe_id, at=now)
    refresh_subscription(stripe_id=funded.stripe_id, at=now)

    assert SeatPool.objects.get(account=funded.account).purchased == 15
    steps = LedgerEntry.objects.order_by("pk").values_list("kind", "purchased_before", "purchased_after")
    assert list(steps) == [("started", 0, 10), ("bought", 10, 12), ("external", 12, 15)]


@pytest.mark.django_db(transaction=True)
def test_scar_9_a_plan_taken_back_never_fires(funded: Funded, now: datetime) -> None:
    plan_decrease(account=funded.account, quantity=4, actor=funded.actor, at=now)
    withdraw_decrease(account=funded.account, actor=funded.actor, at=now)

    funded.desk.advance(32 * 86_400)
    refresh_subscription(stripe_id=funded.stripe_id, at=now + timedelta(days=32))

    assert funded.desk.quantity(funded.stripe_id) == 10


@pytest.mark.django_db(transaction=True)
def test_scar_10_a_seat_invoice_is_no_renewal_and_past_due_takes_nobodys_seat(
    owner: Membership, fund: FundMaker, now: datetime
) -> None:
    funded = fund(owner)
    seat = assign_seat(account=funded.account, membership=owner, actor=funded.actor, at=now)
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)
    buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    for event in gateway().events_since(now - timedelta(days=1)):
        receive_event(event=event)
    handle_waiting_events(at=now + timedelta(minutes=1))
    assert StripeEvent.objects.filter(kind="invoice.paid").exists()
    assert SeatPool.objects.get(account=funded.account).purchased == 11

    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")
    funded.desk.advance(32 * 86_400)
    late = now + timedelta(days=32)
    refresh_subscription(stripe_id=funded.stripe_id, at=late)

    funded.subscription.refresh_from_db()
    pool = SeatPool.objects.get(account=funded.account)
    assert funded.subscription.status == "past_due"
    assert (pool.purchased, pool.assigned, pool.frozen) == (11, 1, "")
    seat.refresh_from_db()
    assert seat.ended_at is None
    with pytest.raises(Exception, match="overdue"):
        quote_quantity(account=funded.account, actor=funded.actor, add=1, at=late)
