"""What the renewal is likely to cut: one rule for the customer's page and the account team's signal."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.access.actor import Actor
from accounts.models import Account, Membership, Role
from billing.changes.decreases import plan_decrease
from billing.models import SubscriptionItem
from billing.terms.set_terms import set_terms
from seats.growth.sweep import sweep_account
from seats.growth.words import sentence_of
from seats.insight.forecast import Forecast, likely_cut, renewal_forecast, worth_telling
from seats.models import ExpansionTask, Signal
from tests.conftest import Funded, join
from tests.factories.seats import seat, use

type SignIn = Callable[[Membership], Client]


@pytest.mark.parametrize(
    ("idle", "free", "lowest", "cut"),
    [(2, 1, 1, 3), (2, 1, 8, 2), (2, 1, 10, 0), (2, 1, 12, 0), (0, 0, 1, 0), (10, 0, 1, 9)],
)
def test_idle_and_free_seats_go_as_far_as_no_agreement_keeps_them(idle: int, free: int, lowest: int, cut: int) -> None:
    assert likely_cut(purchased=10, idle=idle, free=free, lowest=lowest) == cut


@pytest.mark.parametrize(
    ("cut", "purchased", "told"), [(2, 10, False), (3, 10, True), (3, 30, True), (3, 31, False), (4, 31, True)]
)
def test_three_seats_that_are_a_tenth_are_told(cut: int, purchased: int, told: bool) -> None:
    assert worth_telling(cut, purchased) is told


@pytest.mark.django_db(transaction=True)
class TestForecast:
    """Ten seats: six active, silent ones for 35 and 70 days, two free."""

    @pytest.fixture
    def paying(self, funded: Funded, now: datetime) -> Funded:
        for n in range(6):
            busy = join(funded.account, f"Busy{n}", Role.MEMBER, now)
            seat(busy, now - timedelta(days=100))
            use(busy, now, days=1)
        for days in (35, 70):
            seat(join(funded.account, f"Idle{days}", Role.MEMBER, now), now - timedelta(days=days))
        return funded

    def forecast(self, funded: Funded, now: datetime) -> Forecast:
        found = renewal_forecast(funded.account, now)
        assert found is not None
        return found

    def lengthen(self, now: datetime, ends_in: int) -> None:
        """As a yearly period that ends in so many days."""
        SubscriptionItem.objects.update(
            period_start=now - timedelta(days=365 - ends_in), period_end=now + timedelta(days=ends_in, minutes=1)
        )

    def test_the_numbers(self, paying: Funded, now: datetime) -> None:
        found = self.forecast(paying, now)
        assert (found.silent, found.counts.free, found.cut, found.then) == ({30: 2, 60: 1, 90: 0}, 2, 4, 6)
        assert (found.percent_then, found.decisive) == (100, False)

    def test_a_commitment_keeps_seats_until_its_end(self, paying: Funded, now: datetime) -> None:
        self.commit(paying, 9, now + timedelta(days=200), now)
        found = self.forecast(paying, now)
        assert (found.lowest, found.cut, found.decisive) == (9, 1, False)
        self.commit(paying, 10, now + timedelta(days=80), now)
        found = self.forecast(paying, now)
        assert (found.at, found.lowest, found.cut) == (now + timedelta(days=80), 1, 4)
        assert (found.soon, found.decisive) == (True, True)

    def test_a_planned_reduction_is_the_least(self, paying: Funded, now: datetime) -> None:
        plan_decrease(account=paying.account, quantity=3, actor=paying.actor, at=now)
        assert self.forecast(paying, now).cut == 7

    def test_the_account_team_is_told_ninety_days_before_with_the_same_numbers(
        self, paying: Funded, client_of: SignIn, now: datetime
    ) -> None:
        self.lengthen(now, 91)
        assert self.told(paying, now) == []
        self.lengthen(now, 90)
        [signal] = self.told(paying, now)
        assert {name: signal.evidence[name] for name in ("cut", "purchased", "idle", "free", "committed")} == {
            "cut": 4,
            "purchased": 10,
            "idle": 2,
            "free": 2,
            "committed": 0,
        }
        assert "4 of 10 seats are likely to be cut on" in sentence_of(signal)
        assert ExpansionTask.objects.get(playbook="renewal_at_risk").expands is False
        text = " ".join(client_of(paying.owner).get(f"/a/{paying.account.slug}/usage/renewal/").text.split())
        assert "4 of 10 seats are likely to be cut on" in text
        assert "6 of 6 active, 100 %" in text
        # Ten graduated seats cost 500.00 and six 300.00.
        assert "6 seats save about $200.00 per month, before tax." in text
        assert f"/a/{paying.account.slug}/seats/reduce/?quantity=6" in text

    def test_what_fewer_seats_save_is_for_those_who_may_see_invoices(
        self, paying: Funded, now: datetime, client_of: Callable[[Membership], Client]
    ) -> None:
        url = f"/a/{paying.account.slug}/usage/renewal/"
        assert "seats save about" in client_of(paying.owner).get(url).text
        answer = client_of(join(paying.account, "Vera", Role.VIEWER, now)).get(url)
        assert answer.status_code == 200
        assert "$" not in answer.text

    def test_a_months_renewal_is_nobodys_alarm(self, paying: Funded, now: datetime) -> None:
        assert self.told(paying, now) == []

    def test_it_ends_when_people_come_back(self, paying: Funded, now: datetime) -> None:
        self.lengthen(now, 60)
        assert len(self.told(paying, now)) == 1
        for member in Membership.objects.filter(account=paying.account, user__name__startswith="Idle"):
            use(member, now, days=1)
        assert self.told(paying, now + timedelta(hours=1)) == []

    def commit(self, funded: Funded, seats: int, until: datetime, now: datetime) -> None:
        set_terms(
            account=funded.account,
            committed_quantity=seats,
            committed_until=until,
            reason="Framework",
            actor=Actor.system("admin"),
            at=now,
        )

    def told(self, funded: Funded, now: datetime) -> list[Signal]:
        sweep_account(account=funded.account, at=now)
        return list(Signal.objects.filter(kind=Signal.Kind.RENEWAL, ended_at__isnull=True))


@pytest.mark.django_db
def test_without_a_subscription_nothing_renews(
    account: Account, owner: Membership, client_of: SignIn, now: datetime
) -> None:
    assert renewal_forecast(account, now) is None
    assert "Nothing renews by itself" in client_of(owner).get(f"/a/{account.slug}/usage/renewal/").text
