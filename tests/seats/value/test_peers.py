"""Comparable accounts: only where five others share industry and size, and nobody who takes no part."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Membership
from seats.growth.mark_accounts import mark_accounts
from seats.insight.kpi_queries import kpis_of_month
from seats.models import PeerBand, SeatPool, UsageSettings
from seats.tasks import make_peer_bands as make_by_task
from seats.usage.settings import set_usage_settings
from seats.value.peers import make_peer_bands, peers_of, size_class
from tests.conftest import make_account
from tests.factories.seats import crowd, give_pool, seat, use

pytestmark = pytest.mark.django_db
HOME = "/a/acme/usage/"


def fill(account: Account, now: datetime, *, active: int, purchased: int = 10, industry: str = "media") -> Account:
    """Ten seats, so many of them active; forty days old."""
    Account.objects.filter(pk=account.pk).update(industry=industry, created_at=now - timedelta(days=40))
    people = crowd(account, active, now, name=f"{account.slug}-")
    with transaction.atomic():
        give_pool(account, purchased, now)
        for person in people:
            seat(person, now)
    Membership.objects.filter(pk__in=[person.pk for person in people]).update(last_active_at=now)
    account.refresh_from_db()
    return account


def others(now: datetime, *active: int, industry: str = "media") -> list[Account]:
    """One account for each number of active people."""
    return [
        fill(
            make_account(f"Peer {n}", now, owner=f"O{n}", domain=f"p{n}.example").account,
            now,
            active=a,
            industry=industry,
        )
        for n, a in enumerate(active)
    ]


def test_the_band_is_that_of_the_middle_half(account: Account, now: datetime) -> None:
    fill(account, now, active=5)
    others(now, 3, 6, 7, 8, 9)

    assert make_peer_bands(at=now) == 1

    # 30, 50, 60, 70, 80, 90: the quarters lie at positions 1.25, 2.5 and 3.75 of 0 to 5.
    band = PeerBand.objects.get()
    assert (band.industry, band.size, band.accounts) == ("media", "1–10", 6)
    assert (band.p25, band.p50, band.p75) == (53, 65, 78)
    peers = peers_of(account, purchased=10, active=5)
    assert peers is not None
    assert (peers.state, peers.own, peers.others, peers.place) == ("band", 50, 5, "below")
    assert [peers_of(account, purchased=10, active=n).place for n in (6, 7, 8)] == [  # type: ignore[union-attr]
        "within",
        "within",
        "above",
    ]


def test_with_four_others_there_is_no_band_and_no_number(account: Account, now: datetime) -> None:
    fill(account, now, active=5)
    peers = others(now, 3, 6, 7, 8, 9)
    make_peer_bands(at=now)
    assert PeerBand.objects.exists()
    Account.objects.filter(pk=peers[0].pk).update(closed_at=now)

    assert make_peer_bands(at=now + timedelta(days=1)) == 0

    assert not PeerBand.objects.exists()
    found = peers_of(account, purchased=10, active=5)
    assert found is not None
    assert (found.state, found.band) == ("few", None)


@pytest.mark.parametrize("reason", ["opted out", "new", "no seats", "other industry", "larger", "ended"])
def test_who_is_not_counted(account: Account, actor: Actor, now: datetime, reason: str) -> None:
    fill(account, now, active=5)
    odd = others(now, 3, 6, 7, 8, 9)[0]
    accounts = Account.objects.filter(pk=odd.pk)
    match reason:
        case "opted out":
            set_usage_settings(account=odd, keep_days=400, groups_only=False, actor=actor, peers=False)
        case "new":
            accounts.update(created_at=now - timedelta(days=29))
        case "no seats":
            with transaction.atomic():
                give_pool(odd, 0, now)
        case "other industry":
            accounts.update(industry="retail")
        case "larger":
            with transaction.atomic():
                give_pool(odd, 11, now)
        case "ended":
            SeatPool.objects.filter(account=odd).update(frozen="canceled")

    assert make_peer_bands(at=now) == 0


def test_without_an_industry_nobody_is_compared(account: Account, now: datetime) -> None:
    fill(account, now, active=5, industry="")
    others(now, 3, 6, 7, 8, 9, industry="")

    assert make_peer_bands(at=now) == 0
    found = peers_of(account, purchased=10, active=5)
    assert found is not None
    assert found.state == "no_industry"
    assert peers_of(account, purchased=0, active=0) is None


@pytest.mark.parametrize("purchased", [1, 10, 11, 50, 51, 250, 251, 5000])
def test_the_size_is_named_as_the_account_team_names_it(account: Account, now: datetime, purchased: int) -> None:
    fill(account, now, active=0, purchased=purchased)

    mark_accounts(at=now)
    rows = kpis_of_month("size", now.date().replace(day=1))
    assert [row.segment for row in rows] == [size_class(purchased)]


def test_an_account_that_was_not_counted_sees_all_six_as_others(account: Account, now: datetime) -> None:
    fill(account, now, active=5)
    Account.objects.filter(pk=account.pk).update(created_at=now)
    account.refresh_from_db()
    others(now, 3, 6, 7, 8, 9, 9)
    make_by_task()

    found = peers_of(account, purchased=10, active=5)
    assert found is not None
    assert (found.state, found.others) == ("band", 6)


class TestPage:
    """What the usage page and its settings say."""

    def page(self, client: Client) -> str:
        return " ".join(client.get(HOME).content.decode().split())

    def test_each_state_has_its_words_and_only_one_has_numbers(
        self, account: Account, owner: Membership, now: datetime, client_of: Callable[[Membership], Client]
    ) -> None:
        fill(account, now, active=5)
        others(now, 3, 6, 7, 8)
        make_peer_bands(at=now)
        use(owner, now, days=1)
        client = client_of(owner)
        assert "Not enough peers yet" in self.page(client)
        assert "middle half" not in self.page(client)
        fill(make_account("Late", now, owner="Lea", domain="late.example").account, now, active=9)
        make_peer_bands(at=now)

        text = self.page(client)
        assert "Half of 5 comparable accounts lie between 53 % and 78 %. With 50 % this account is below." in text
        table = b"".join(client.get("/a/acme/usage/peers.csv")).decode().lstrip("\ufeff").splitlines()
        assert table[1:] == ["This account,50", "Lower quarter ends at,53", "Median,65", "Upper quarter begins at,78"]

        answer = client.post("/a/acme/settings/usage/", {"keep_days": "400"})
        assert answer.status_code == 302
        assert not UsageSettings.objects.get(account=account).peers
        assert AuditEntry.objects.get(action="usage.settings_changed").data["new"]["peers"] is False
        text = self.page(client)
        assert "takes no part in the comparison" in text
        assert "78 %" not in text
        table = b"".join(client.get("/a/acme/usage/peers.csv")).decode().splitlines()
        assert len(table) == 1
        assert make_peer_bands(at=now + timedelta(days=1)) == 0
