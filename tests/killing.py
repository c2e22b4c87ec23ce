"""A process that buys and is killed by SIGKILL at a chosen step: `python -m tests.killing STEP ACCOUNT QUOTE`.

The steps are cut into the code from outside, so the product carries no switch for it.
"""

import os
import signal
import sys
from collections.abc import Callable
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
    from billing.changes import buy_quote, finish_change
    from billing.gateway.stripe_api import StripeGateway
    from billing.mirror import write_subscription
    from billing.models import Quote
    from seatportal.kit.clock import now

    def at_call(number: int, real: Callable[..., Any]) -> Callable[..., Any]:
        calls = iter(range(1, 100))
        return lambda *args, **kwargs: die() if next(calls) == number else real(*args, **kwargs)

    sends = StripeGateway.update_subscription

    def send_and_die(*args: Any, **kwargs: Any) -> None:
        sends(*args, **kwargs)
        die()

    place: Any
    match step:
        case "after the row is stored":
            place, name, cut = buy_quote, "finish_change", die
        case "before the call is sent":
            place, name, cut = StripeGateway, "update_subscription", die
        case "after Stripe executed it":
            place, name, cut = StripeGateway, "update_subscription", send_and_die
        case "after the call is marked":
            place, name, cut = finish_change, "_read", at_call(2, finish_change._read)
        case "inside the transaction that settles":
            # The read before the call says nothing new, so it is not written.
            place, name, cut = write_subscription, "_tell_quantity", die
        case _:
            place, name, cut = None, "", die
    if place is not None:
        setattr(place, name, cut)
    quote = Quote.objects.get(public_id=quote_id)
    account = Account.objects.get(public_id=account_id)
    buy_quote.buy_quote(account=account, quote_id=quote_id, actor=Actor(user=quote.user), at=now())
    die()


if __name__ == "__main__":
    main(*sys.argv[1:])
