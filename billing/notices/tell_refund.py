"""A refund that the bank sent back, by mail to those who look after billing and to whoever bought and undid."""

from datetime import datetime

from django.urls import reverse

from accounts.notices.send_notice import send_notice
from billing.models import Refund


def tell_returned(*, refund: Refund, at: datetime) -> int:
    """Write that the money is credit again, in the caller's transaction; returns how many mails are new."""
    undo, purchase = refund.change, refund.change.undoes
    return send_notice(
        account=refund.account,
        kind="refund_returned",
        key=f"refund_returned:{refund.public_id}:{refund.attempt}",
        context={
            "amount": refund.amount or 0,
            "credit": refund.balance_amount or 0,
            "currency": refund.currency,
            "link": reverse("seats:purchase", args=[refund.account.slug, (purchase or undo).public_id]),
        },
        to=[undo.user, purchase.user if purchase else None],
        at=at,
    )
