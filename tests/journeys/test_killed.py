"""Scar 8: a crash between Stripe's call and our commit. SIGKILL at every step × every card; then the sweep."""

import signal
import subprocess
import sys
from datetime import datetime

import pytest

from billing.models import QuantityChange
from billing.quotes.quote_quantity import quote_quantity
from seats.models import SeatPool
from tests.billing.changes.test_faults import CARDS, come_to_rest, let_the_customer_act
from tests.conftest import FundMaker
from tests.invariants import broken_invariants
from tests.killing import STEPS

pytestmark = pytest.mark.django_db(transaction=True)
State = QuantityChange.State


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("card", CARDS)
def test_scar_8_killed_at_every_step_charges_once(
    owner: object, fund: FundMaker, now: datetime, child_environment: dict[str, str], step: str, card: str
) -> None:
    """Faults F1, F2, F5, F6 and F7."""
    funded = fund(owner, card=CARDS[card])
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)

    child = subprocess.run(
        [sys.executable, "-m", "tests.killing", step, funded.account.public_id, quote.public_id],
        env={**child_environment, "DJANGO_SETTINGS_MODULE": "seatportal.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    change = come_to_rest(QuantityChange.objects.get(quote=quote), now)
    if change.state == State.AWAITING_PAYMENT:
        let_the_customer_act(funded, change, card, now)

    change.refresh_from_db()
    pays = card in ("ok", "declined then paid", "3DS paid")
    assert change.state == (State.APPLIED if pays else State.ABANDONED)
    assert change.calls == 1 + (step in ("before the call is sent",))
    assert SeatPool.objects.get(account=funded.account).purchased == (12 if pays else 10)
    assert broken_invariants(funded.desk) == []
