"""A subscription that is set to end, goes on, or ends: our row asks, Stripe answers, everybody concerned hears."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.access.actor import Actor
from accounts.models import AuditEntry, Membership, Notice, Role
from billing.changes.buy_quote import buy_quote
from billing.changes.decreases import place_due_decreases, plan_decrease
from billing.changes.end_subscription import carry_due_endings, end_subscription, resume_subscription
from billing.errors import ChangeInProgress, CommitmentInForce, NoSubscription, NotEnding, SubscriptionEnding
from billing.gateway.contract import Refused
from billing.gateway.stripe_api import StripeGateway
from billing.mirror.queries import live_subscription, open_decrease
from billing.mirror.refresh import refresh_subscription
from billing.models import Ending, QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.set_terms import set_terms
from seats.holders.assign_seat import assign_seat
from seats.models import SeatPool
from tests.conftest import Funded, FundMaker, join

pytestmark = pytest.mark.django_db(transaction=True)
State = Ending.State
ClientOf = Callable[[Membership], Client]


def end(funded: Funded, now: datetime) -> Ending:
    return end_subscription(account=funded.account, actor=funded.actor, at=now, reason="Too few people")


def at_stripe(funded: Funded) -> bool:
    return bool(funded.desk.client.v1.subscriptions.retrieve(funded.stripe_id).to_dict()["cancel_at_period_end"])


def told() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("kind", flat=True))


def test_it_ends_with_its_period(funded: Funded, now: datetime) -> None:
    ana = join(funded.account, "Ana", Role.MEMBER, now)

    ending = end(funded, now)

    assert (ending.state, ending.reason, at_stripe(funded)) == (State.DONE, "Too few people", True)
    item = funded.subscription.items.get()
    live = live_subscription(funded.account)
    assert live is not None
    assert live.cancel_at == item.period_end
    with pytest.raises(SubscriptionEnding):
        quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)
    assign_seat(account=funded.account, membership=ana, actor=funded.actor, at=now)
    assert told() == ["ending"]
    assert AuditEntry.objects.get(action="subscription.cancel").summary == "Too few people"

    moment = item.period_end + timedelta(hours=1)
    funded.desk.advance(int((moment - now).total_seconds()))
    refresh_subscription(stripe_id=funded.stripe_id, at=moment)

    pool = SeatPool.objects.get(account=funded.account)
    assert (pool.purchased, pool.assigned, pool.frozen) == (0, 1, "canceled")
    assert told() == ["ending", "ended"]
    with pytest.raises(NoSubscription):
        resume_subscription(account=funded.account, actor=funded.actor, at=moment)


def test_it_is_taken_back(funded: Funded, now: datetime) -> None:
    end(funded, now)

    back = resume_subscription(account=funded.account, actor=funded.actor, at=now)

    assert (back.state, back.kind, at_stripe(funded)) == (State.DONE, Ending.Kind.RESUME, False)
    quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)
    assert told() == ["ending", "resumed"]

    end(funded, now)
    refresh_subscription(stripe_id=funded.stripe_id, at=now)
    assert told() == ["ending", "resumed", "ending"]


def test_an_end_set_at_stripe_is_told_and_taken_back_all_the_same(funded: Funded, now: datetime) -> None:
    day = int((now + timedelta(days=9)).timestamp())
    funded.desk.client.v1.subscriptions.update(funded.stripe_id, {"cancel_at": day, "proration_behavior": "none"})
    refresh_subscription(stripe_id=funded.stripe_id, at=now)
    assert told() == ["ending"]

    resume_subscription(account=funded.account, actor=funded.actor, at=now)

    data = funded.desk.client.v1.subscriptions.retrieve(funded.stripe_id).to_dict()
    assert (data["cancel_at"], data["cancel_at_period_end"]) == (None, False)


def test_there_is_nothing_to_take_back(funded: Funded, now: datetime) -> None:
    with pytest.raises(NotEnding):
        resume_subscription(account=funded.account, actor=funded.actor, at=now)

    assert not Ending.objects.exists()


def test_a_planned_reduction_is_withdrawn_also_on_its_last_day(funded: Funded, now: datetime) -> None:
    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    late = funded.subscription.items.get().period_end - timedelta(hours=12)
    funded.desk.advance(int((late - now).total_seconds()))
    assert place_due_decreases(at=late) == 1

    end(funded, late)

    assert open_decrease(funded.account) is None
    assert at_stripe(funded) is True


def test_an_end_that_stripe_refuses_leaves_the_reduction(
    funded: Funded, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Refused("This subscription cannot be updated.")

    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    late = funded.subscription.items.get().period_end - timedelta(hours=12)
    funded.desk.advance(int((late - now).total_seconds()))
    assert place_due_decreases(at=late) == 1
    with monkeypatch.context() as patch:
        patch.setattr(StripeGateway, "update_subscription", refuse)
        assert end(funded, late).state == State.FAILED

    plan = open_decrease(funded.account)
    assert plan is not None
    assert (plan.state, plan.renew_quantity, at_stripe(funded)) == ("planned", 7, False)
    assert place_due_decreases(at=late) == 1
    funded.desk.advance(14 * 3600)
    refresh_subscription(stripe_id=funded.stripe_id, at=late + timedelta(hours=14))
    assert funded.desk.quantity(funded.stripe_id) == 7


def test_a_reduction_is_not_placed_while_the_end_is_on_its_way(funded: Funded, now: datetime) -> None:
    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    late = funded.subscription.items.get().period_end - timedelta(hours=12)
    funded.desk.advance(int((late - now).total_seconds()))
    assert place_due_decreases(at=late) == 1
    funded.desk.fault("rate_limit", path=f"/v1/subscriptions/{funded.stripe_id}$")

    assert end(funded, late).state == State.CONFIRMED

    assert place_due_decreases(at=late) == 0
    carry_due_endings(at=late + timedelta(minutes=3))
    assert (open_decrease(funded.account), at_stripe(funded)) == (None, True)
    assert AuditEntry.objects.get(action="reduction.withdrawn").user == funded.owner.user


def test_a_commitment_is_kept(funded: Funded, now: datetime) -> None:
    set_terms(
        account=funded.account,
        reason="A year",
        actor=Actor.system("admin"),
        at=now,
        committed_quantity=10,
        committed_until=now + timedelta(days=200),
    )

    with pytest.raises(CommitmentInForce):
        end(funded, now)

    assert at_stripe(funded) is False
    assert not Ending.objects.exists()


def test_an_open_purchase_comes_first(owner: Membership, fund: FundMaker, now: datetime) -> None:

    funded = fund(owner, card="pm_card_chargeCustomerFail")
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)
    buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    with pytest.raises(ChangeInProgress):
        end(funded, now)

    assert at_stripe(funded) is False


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "rate_limit", "error500_with_effect"])
def test_a_lost_answer_is_carried_on(funded: Funded, now: datetime, kind: str) -> None:
    funded.desk.fault(kind)

    ending = end(funded, now)
    assert ending.state == State.CONFIRMED

    for minutes in (1, 3, 8):
        carry_due_endings(at=now + timedelta(minutes=minutes))

    ending.refresh_from_db()
    assert (ending.state, at_stripe(funded)) == (State.DONE, True)
    assert told() == ["ending"]


def test_a_stripe_that_is_away_for_long_ends_the_wish(funded: Funded, now: datetime) -> None:
    funded.desk.fault("rate_limit", times=9)
    end(funded, now)

    carry_due_endings(at=now + timedelta(hours=2))

    assert Ending.objects.get().state == State.FAILED
    assert at_stripe(funded) is False


def test_the_pages_say_what_happens_when(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    client, plan = client_of(funded.owner), f"/a/{funded.account.slug}/plan/"
    end_day = funded.subscription.items.get().period_end

    page = client.get(f"{plan}end/").content.decode()
    assert f"On {end_day.day} {end_day:%B %Y}" in page
    assert "All 10 seats stop working." in page
    answer = client.post(f"{plan}end/", {"reason": ""}, follow=True)
    text = " ".join(answer.content.decode().split())
    assert f"The subscription ends on {end_day.day} {end_day:%B %Y}." in text
    assert "Resume the subscription" in text
    assert "Reduce seats" not in text

    text = client.post(f"{plan}resume/", follow=True).content.decode()
    assert "The subscription goes on." in text
    assert at_stripe(funded) is False


def test_who_may_not_manage_billing_ends_nothing(
    funded: Funded, client_of: ClientOf, member: Membership, outsider: Membership
) -> None:
    for name in ("end", "resume"):
        assert client_of(member).post(f"/a/{funded.account.slug}/plan/{name}/").status_code == 403
        assert client_of(outsider).post(f"/a/{funded.account.slug}/plan/{name}/").status_code == 404
    assert not Ending.objects.exists()


def test_nothing_is_bought_while_the_wish_is_on_its_way(funded: Funded, now: datetime) -> None:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)
    funded.desk.fault("rate_limit")
    assert end(funded, now).state == State.CONFIRMED

    with pytest.raises(SubscriptionEnding):
        buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    assert not QuantityChange.objects.exists()
    assert funded.desk.quantity(funded.stripe_id) == 10


def test_a_purchase_that_is_a_moment_faster_is_not_ended_over(
    owner: Membership, fund: FundMaker, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another update would void the invoice that waits for its payment (payments.md §2.5)."""
    funded = fund(owner, card="pm_card_chargeCustomerFail")
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=1, at=now)

    def meanwhile(*_: object, **__: object) -> None:
        buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)

    monkeypatch.setattr("billing.changes.end_subscription.check_may_end", meanwhile)

    with pytest.raises(ChangeInProgress):
        end(funded, now)

    assert QuantityChange.objects.get().state == QuantityChange.State.AWAITING_PAYMENT
    assert not Ending.objects.exists()
    assert at_stripe(funded) is False


def test_a_subscription_that_ends_offers_its_way_back_first(funded: Funded, client_of: ClientOf, now: datetime) -> None:
    client, page = client_of(funded.owner), f"/a/{funded.account.slug}/seats/"
    add = f'href="/a/{funded.account.slug}/seats/add/"'

    def classes() -> str:
        text = client.get(page).content.decode()
        return next(part for part in text.split("<a ") if add in part).split('"')[1]

    assert classes() == "btn btn-primary"
    end(funded, now)

    assert classes() == "btn"
    assert "Resume it" in client.get(page).content.decode()


def test_a_refused_read_after_a_lost_answer_is_no_refusal_of_the_end(funded: Funded, now: datetime) -> None:
    plan_decrease(account=funded.account, quantity=7, actor=funded.actor, at=now)
    funded.desk.fault("reset_after")
    assert end(funded, now).state == State.CONFIRMED
    funded.desk.fault("no_permission", method="GET")

    carry_due_endings(at=now + timedelta(minutes=5))
    assert Ending.objects.get().state == State.CONFIRMED

    carry_due_endings(at=now + timedelta(minutes=50))
    assert (Ending.objects.get().state, at_stripe(funded)) == (State.DONE, True)
    assert open_decrease(funded.account) is None
