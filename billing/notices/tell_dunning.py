"""What an unpaid invoice means, by mail: once for each step, and once when it is over."""

from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.urls import reverse

from accounts.models import Account, Notice
from accounts.notices.send_notice import send_notice
from billing import facts
from billing.dunning.queries import Late, late_of, subscriptions_in_trouble
from billing.dunning.rules import Stage
from billing.models import Invoice, Subscription

log = structlog.get_logger(__name__)


def walk_dunning(*, at: datetime) -> int:
    """Tell every account that is late of its present step, and let the seats follow it; returns how many are late.

    One that fails never stops the rest.
    """
    late = 0
    for subscription in subscriptions_in_trouble(at):
        try:
            with transaction.atomic():
                late += tell_dunning(account=subscription.account, at=at)
                # The round may take minutes, and what it tells must be true now.
                subscription.refresh_from_db()
                facts.standing_changed.send(sender=Subscription, subscription=subscription, at=at)
        except Exception:
            log.exception("dunning_not_walked", subscription=subscription.stripe_id)
    return late


def tell_dunning(*, account: Account, at: datetime) -> bool:
    """Write the mail of the present step, if it is not written yet. Returns whether the account is late."""
    found = late_of(account, at)
    if found is None or found.dunning.stage == Stage.NONE:
        return False
    if found.dunning.since is not None:
        send_notice(
            account=account,
            kind="past_due",
            key=f"past_due:{_about(found)}:{found.dunning.stage}",
            context=_context(account, found),
            at=at,
        )
    return True


def tell_paid(*, account: Account, at: datetime) -> int:
    """Tell once that all is well again, for each late invoice that was told of and is paid; returns how many mails."""
    told = Notice.objects.filter(account=account, kind="past_due")
    ids = {key.split(":")[1] for key in told.values_list("key", flat=True)}
    paid = Invoice.objects.filter(account=account, public_id__in=ids, status="paid")
    late = late_of(account, at)
    if not paid or (late is not None and late.dunning.stage != Stage.NONE):
        return 0
    return sum(
        send_notice(
            account=account,
            kind="paid_up",
            key=f"paid_up:{invoice.public_id}",
            context={
                "amount": invoice.total,
                "currency": invoice.currency,
                "number": invoice.number,
                "link": reverse("billing:invoice", args=[account.slug, invoice.public_id]),
            },
            at=at,
        )
        for invoice in paid
    )


def _about(late: Late) -> str:
    return str(late.invoice.public_id if late.invoice else late.subscription.public_id)


def _context(account: Account, late: Late) -> dict[str, Any]:
    invoice, dunning = late.invoice, late.dunning
    return {
        "stage": str(dunning.stage),
        "amount": invoice.amount_remaining if invoice else None,
        "currency": late.subscription.currency,
        "number": invoice.number if invoice else "",
        "since_at": dunning.since,
        "freezes_at": dunning.freezes_at,
        "suspends_at": dunning.suspends_at,
        "link": reverse("billing:invoice", args=[account.slug, invoice.public_id])
        if invoice
        else reverse("billing:invoices", args=[account.slug]),
    }
