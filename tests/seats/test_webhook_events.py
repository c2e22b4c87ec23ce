"""Each event that is described is told by its fact, and says what its description says."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from django.db import transaction
from jsonschema import Draft202012Validator

from accounts.access.actor import Actor
from accounts.members.accept_invitation import accept_invitation
from accounts.members.invitations import expire_invitations, invite_member, revoke_invitation, token_of
from accounts.members.remove_member import remove_member
from accounts.members.structure import add_place
from accounts.models import Account, Membership, Region, WebhookEndpoint, WebhookEvent, WebhookStream
from accounts.webhooks.catalog import KINDS
from accounts.webhooks.deliver_webhook import number_events
from accounts.webhooks.rules import payload_of
from accounts.webhooks.schema import payload_schema
from seats.capacity.record_purchase import follow_standing
from seats.capacity.set_policy import set_policy
from seats.capacity.split_seats import split_seats
from seats.holders.assign_seat import assign_seat
from seats.holders.pause_person import pause_person
from seats.holders.queries import seat_of
from seats.holders.reassign_seat import reassign_seat
from seats.holders.release_seat import release_seat
from seats.holders.reserve_seat import invite_with_seat
from seats.holders.resume_person import resume_person
from seats.requests.decide_request import decide_request
from seats.requests.request_seat import request_seat
from seats.requests.withdraw_request import withdraw_request
from tests.conftest import Funded, join, make_user
from tests.factories.seats import give_pool

ORDERS = {"order.applied", "order.awaiting_payment", "order.ended"}
# See tests/accounts/sso.
JOINS = {"domain.verified", "domain.lost", "join.asked", "join.approved", "join.refused"}
# See tests/seats/rollout/test_running.py.
TRANCHES = {"tranche.scheduled", "tranche.held", "tranche.bought", "tranche.cancelled"}


@pytest.fixture
def hook(account: Account) -> WebhookEndpoint:
    """Hears everything; nothing is sent here."""
    WebhookStream.objects.create(account=account)
    return WebhookEndpoint.objects.create(account=account, url="https://hooks.example/", nonce="n")


def told(account: Account) -> Iterator[dict[str, Any]]:
    """Every payload so far, each checked against its description."""
    number_events(account_id=account.pk)
    for event in WebhookEvent.objects.filter(account=account).order_by("sequence"):
        payload = payload_of(event)
        schema = payload_schema(event.type, KINDS[event.type])
        Draft202012Validator(schema).validate(payload)
        yield payload


@pytest.mark.django_db
def test_every_fact_is_told_once(
    account: Account, hook: WebhookEndpoint, member: Membership, actor: Actor, now: datetime
) -> None:
    act: dict[str, Any] = {"account": account, "actor": actor, "at": now}
    give_pool(account, 2, now)
    ben = join(account, "Ben", "member", now)
    asked = request_seat(membership=member, asked_by=member.user, reason="Reports", **act)
    decide_request(request=asked, approve=True, answer="Yes", **act)
    seat = seat_of(member)
    assert seat is not None
    reassign_seat(assignment=seat, to=ben, reason="moves", **act)
    invited = {"role": "member", "department": None, "name": "", **act}
    invitation, _ = invite_with_seat(email="new@acme.example", **invited)
    accept_invitation(token=token_of(invitation), user=make_user("New"), at=now, actor=actor)
    seat.refresh_from_db()
    release_seat(assignment=seat, reason="done", **act)
    revoked, _ = invite_member(email="a@acme.example", **invited)
    revoke_invitation(invitation=revoked, **act)
    invite_member(email="b@acme.example", **invited)
    expire_invitations(at=now + timedelta(days=8))
    for answer in ("refuse", "withdraw"):
        asked = request_seat(membership=member, asked_by=member.user, reason="Again", **act)
        if answer == "refuse":
            decide_request(request=asked, approve=False, answer="No", **act)
        else:
            withdraw_request(request=asked, **act)
    set_policy(mode="soft", allowance=1, grace_days=7, reason="", **act)
    newcomer = Membership.objects.get(account=account, user__name="New")
    pause_person(membership=newcomer, resumes_on=None, reason="Leave", **act)
    resume_person(membership=newcomer, **act)
    europe = cast(Region, add_place(kind="region", name="EU", **act))
    split_seats(seats={europe: 1}, reason="", **act)
    with transaction.atomic():
        follow_standing(account=account, status="past_due", stage="suspended", at=now)
    remove_member(membership=ben, **act)

    found = list(told(account))
    assert [one["sequence"] for one in found] == list(range(1, len(found) + 1))
    assert Counter(one["type"] for one in found) == {
        "seats.quantity_changed": 1,
        "member.joined": 3,
        "request.made": 3,
        "request.approved": 1,
        "seat.assigned": 3,
        "seat.reassigned": 1,
        "seat.reserved": 1,
        "seats.limit_reached": 1,
        "invitation.made": 3,
        "invitation.accepted": 1,
        "seat.released": 2,
        "member.paused": 1,
        "member.resumed": 1,
        "invitation.revoked": 1,
        "invitation.expired": 1,
        "request.refused": 1,
        "request.withdrawn": 1,
        "seats.limit_changed": 1,
        "seats.regions_changed": 1,
        "account.standing_changed": 1,
        "member.left": 1,
    }
    by_type = {one["type"]: one["data"] for one in found}
    assert by_type.keys() | ORDERS | TRANCHES | JOINS == KINDS.keys()
    assert (by_type["member.paused"]["reason"], by_type["member.resumed"]["seat"] is None) == ("Leave", False)
    assert by_type["seats.regions_changed"] == {
        "before": [],
        "after": [{"region": {"id": europe.public_id, "name": "EU"}, "seats": 1}],
    }
    assert by_type["request.approved"]["answer"] == "Yes"
    assert by_type["seat.reassigned"]["from"]["email"] == "mia@acme.example"
    assert by_type["seat.released"]["because"] == "paused"
    assert by_type["account.standing_changed"] == {"before": "", "after": "suspended", "seats_work": False}
    assert by_type["seats.limit_reached"] == {"pool": {"purchased": 2, "assigned": 2, "limit": 2}}


@pytest.mark.django_db
def test_who_leaves_with_a_seat_tells_both(
    account: Account, hook: WebhookEndpoint, member: Membership, actor: Actor, now: datetime
) -> None:
    give_pool(account, 5, now)
    assign_seat(account=account, membership=member, actor=actor, at=now)
    remove_member(account=account, membership=member, actor=actor, at=now)

    assert [one["type"] for one in told(account)][-2:] == ["member.left", "seat.released"]


@pytest.mark.django_db(transaction=True)
def test_purchases(funded: Funded, now: datetime) -> None:
    from billing.changes.buy_quote import buy_quote
    from billing.quotes.quote_quantity import quote_quantity

    account = funded.account
    WebhookStream.objects.create(account=account)
    WebhookEndpoint.objects.create(account=account, url="https://hooks.example/", nonce="n")
    quote = quote_quantity(account=account, actor=funded.actor, add=2, at=now)
    change = buy_quote(account=account, quote_id=quote.public_id, actor=funded.actor, at=now)
    funded.desk.card(funded.customer.stripe_id, "pm_card_chargeCustomerFail")
    quote = quote_quantity(account=account, actor=funded.actor, add=1, at=now)
    buy_quote(account=account, quote_id=quote.public_id, actor=funded.actor, at=now)

    found = [(one["type"], one["data"]) for one in told(account)]
    assert [kind for kind, _data in found] == [
        "order.applied",
        "seats.quantity_changed",
        "order.awaiting_payment",
    ]
    applied, moved, _waits = (data for _kind, data in found)
    assert applied["order"] == {
        "id": change.public_id,
        "kind": "add",
        "state": "applied",
        "seats_before": 10,
        "seats_after": 12,
        "error_code": None,
    }
    assert applied["amount"] == {"due": change.quoted_due, "currency": "usd"}
    assert moved == {"before": 10, "after": 12, "kind": "bought", "order_id": change.public_id}
