"""A process that buys and is killed at one of the matrix's points: `python -m tests.killing STEP ACCOUNT QUOTE`."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import django

STEPS = (
    "after the row is stored",
    "before the call is sent",
    "after Stripe executed it",
    "after the call is marked",
    "inside the transaction that settles",
    "after it is settled",
)


def die(*_: Any, **__: Any) -> None:
    """What `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(step: str, account_id: str, quote_id: str) -> None:
    """Buy, and die at the step."""
    django.setup()
    from accounts.access.actor import Actor
    from accounts.models import Account
    from billing.changes.buy_quote import buy_quote
    from billing.models import Quote
    from seatportal.kit.clock import now
    from seatportal.matrix.cuts import kill_at
    from seatportal.matrix.processes import Notes

    kill_at(step, Notes(Path(os.devnull)))()
    quote = Quote.objects.get(public_id=quote_id)
    account = Account.objects.get(public_id=account_id)
    buy_quote(account=account, quote_id=quote.public_id, actor=Actor(user=quote.user), at=now())


if __name__ == "__main__":
    main(*sys.argv[1:])
