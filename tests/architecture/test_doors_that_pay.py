"""Scar 2 where money moves: doors that speak to Stripe, asked outside of a transaction with a card that pays or not.

The doors are `places.BUYS` and `places.PRICES`, which test_doors.py holds against the URL map. Each is asked in an
account of its own that has no seat free: with a card that pays there are as many seats more as were paid for, with one
that declines nothing at all.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from seats.models import Assignment, LedgerEntry, SeatPool
from tests.architecture import scenes
from tests.architecture.doors import watched
from tests.architecture.places import BUYS, PRICES, V1, A, Door
from tests.architecture.scenes import DECLINES, PAYS, Full, Scene, full
from tests.architecture.test_doors import NEVER, ClientOf, asking, schema, sent_by, writes
from tests.architecture.test_tenancy import API, PAGES, Route
from tests.conftest import FundMaker
from tests.desk import Desk

__all__ = ["schema"]
pytestmark = pytest.mark.django_db(transaction=True)
ROUTES: dict[Door, Route] = {(method, route.path): route for route, method in writes([*PAGES, *API])}
# What the trail says of a purchase that came to its end.
DONE = {"purchase.applied"}
SCENES: dict[str, Scene] = {
    A + "plan/change/pay/": scenes.another_plan,
    A + "request/purchases/<str:asked_id>/": scenes.asked_for,
    A + "seats/purchases/<str:change_id>/pay/": scenes.not_paid,
    A + "seats/true-up/<str:true_up_id>/decide/": scenes.under_review,
    A + "rollout/tranches/<str:tranche_id>/release/": scenes.held_back,
    A + "rollout/tranches/<str:tranche_id>/retry/": scenes.held_back,
    V1 + "requests/<str:request_id>/decide": scenes.asked_for,
    V1 + "tranches/<str:tranche_id>/release": scenes.held_back,
    V1 + "tranches/<str:tranche_id>/retry": scenes.held_back,
}


def clicks(one: Full, door: Door, client_of: ClientOf, schema: dict[str, Any]) -> Iterator[Callable[[], Any]]:
    """A price is bought once, so the body that names most comes first; a page is told the person by id."""
    method, route = door[0], ROUTES[door]
    more = SCENES.get(door[1], scenes.priced)(one)
    ids = {**one.world.ids, **more}
    browser = client_of(one.world.people["owner"])
    browser.raise_request_exception = False
    fields = {**more, "rollout_id": ids["rollout_id"], "due": "", "emails": "", "renew": ""}
    sent = list(sent_by(route, method, schema, one.wants, **fields))
    chosen = sorted(sent, key=lambda body: len(json.loads(body[0])), reverse=True) if route.is_api else sent[:1]
    for body, kind in chosen:
        yield partial(asking, browser, method, route.url(ids), body, kind)


@pytest.mark.parametrize("door", sorted(BUYS))
@pytest.mark.parametrize("card", [PAYS, DECLINES])
def test_a_door_that_buys_gives_what_is_paid_for(
    door: Door, card: str, fund: FundMaker, now: datetime, client_of: ClientOf, desk: Desk, schema: dict[str, Any]
) -> None:
    one = full(fund, desk, now)
    asked = next(clicks(one, door, client_of, schema))
    one.card(card)
    paid, before = one.paid(), SeatPool.objects.get(account=one.account).purchased

    done = watched(one.account, asked)

    after = SeatPool.objects.get(account=one.account).purchased
    assert after == desk.quantity(one.subscription)
    if card == PAYS:
        assert ((after - before, done.filled), done.passed_the_limit) == (BUYS[door], False), done
        assert len(one.paid()) == len(paid) + 1
        assert done.told & DONE
        assert Assignment.objects.filter(membership=one.wants, ended_at=None).count() == done.filled
    else:
        assert (after, done.filled, one.paid()) == (before, 0, paid), done
        assert not done.moved & NEVER, done
        assert not done.told & DONE, done


@pytest.mark.parametrize("door", sorted(PRICES))
def test_a_door_that_only_asks_for_prices_gives_nothing(
    door: Door, fund: FundMaker, now: datetime, client_of: ClientOf, desk: Desk, schema: dict[str, Any]
) -> None:
    """With a card that pays, and whatever is sent."""
    one = full(fund, desk, now)
    paid, ledger = one.paid(), LedgerEntry.objects.count()

    done = [watched(one.account, asked) for asked in clicks(one, door, client_of, schema)]

    assert [each for each in done if each.raised or each.filled or each.status >= 500] == []
    assert (one.paid(), LedgerEntry.objects.count()) == (paid, ledger)
    assert SeatPool.objects.get(account=one.account).purchased == desk.quantity(one.subscription)
