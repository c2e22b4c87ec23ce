"""A process that resumes a paused subscription and is killed by SIGKILL at a step.

`python -m tests.killing_resumption STEP ACCOUNT MOMENT`
"""

import sys
from datetime import datetime
from typing import Any

import django

from tests.killing import die

STEPS = ("after the row is stored", "before the call is sent", "after Stripe executed it", "while it settles")


def main(step: str, account_id: str, moment: str) -> None:
    """Agree to the price, and die at the step."""
    django.setup()
    from accounts.access.actor import Actor
    from accounts.models import Account
    from billing.changes import resume_paused
    from billing.gateway.stripe_api import StripeGateway
    from billing.mirror import settle_resumption, write_subscription

    sends = StripeGateway.resume_subscription

    def send_and_die(*args: Any, **kwargs: Any) -> None:
        sends(*args, **kwargs)
        die()

    settles = settle_resumption.settle_resumption

    def settle_and_die(**kwargs: Any) -> None:
        if kwargs["remote"].status == "active":
            settles(**kwargs)
            die()

    place, name, cut = {
        "after the row is stored": (resume_paused, "carry_resumption", die),
        "before the call is sent": (StripeGateway, "resume_subscription", die),
        "after Stripe executed it": (StripeGateway, "resume_subscription", send_and_die),
        "while it settles": (write_subscription, "settle_resumption", settle_and_die),
    }[step]
    setattr(place, name, cut)
    account = Account.objects.get(public_id=account_id)
    at = datetime.fromisoformat(moment)
    resume_paused.resume_paused(account=account, actor=Actor.system("test"), at=at, agreed=50000)


if __name__ == "__main__":
    main(*sys.argv[1:])
