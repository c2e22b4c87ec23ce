"""How a purchase ended stands in the audit trail, also where Stripe said no or nothing."""

from datetime import datetime, timedelta

import pytest

from accounts.models import AuditEntry
from billing.changes.buy_quote import buy_quote
from billing.changes.finish_change import finish_change
from billing.changes.finish_open_changes import finish_open_changes
from billing.models import QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from tests.billing.changes.test_faults import come_to_rest
from tests.conftest import Funded

pytestmark = pytest.mark.django_db(transaction=True)
State = QuantityChange.State


def accepted(funded: Funded, now: datetime, fault: str = "rate_limit", times: int = 1) -> QuantityChange:
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    funded.desk.fault(fault, times=times)
    return buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)


def ends(change: QuantityChange) -> list[tuple[str, str, object]]:
    rows = AuditEntry.objects.filter(target=change.public_id).exclude(action="purchase.confirmed")
    return [(row.action, row.door, row.data["code"]) for row in rows]


def test_a_refusal(funded: Funded, now: datetime) -> None:
    change = accepted(funded, now)
    assert (change.state, ends(change)) == (State.CONFIRMED, [])
    QuantityChange.objects.update(params={**change.params, "coupon": "GONE"})

    change = finish_change(change_id=change.pk, at=now + timedelta(minutes=1))

    assert change.state == State.REJECTED
    assert ends(change) == [("purchase.rejected", "stripe", "parameter_unknown")]
    entry = AuditEntry.objects.get(action="purchase.rejected")
    assert (entry.summary, entry.data["quoted"], entry.data["charged"]) == ("10 → 12", 8000, None)
    finish_change(change_id=change.pk, at=now + timedelta(minutes=9))
    assert len(ends(change)) == 1


def test_one_that_stripe_never_did(funded: Funded, now: datetime) -> None:
    change = come_to_rest(accepted(funded, now, "error500_no_effect"), now)

    assert (change.state, ends(change)) == (State.FAILED, [("purchase.failed", "stripe", "not_executed")])


def test_one_that_never_reached_stripe(funded: Funded, now: datetime) -> None:
    change = accepted(funded, now, times=9)

    finish_open_changes(at=now + timedelta(hours=2))

    change.refresh_from_db()
    assert (change.state, ends(change)) == (
        State.REJECTED,
        [("purchase.rejected", "stripe", "provider_unavailable")],
    )
