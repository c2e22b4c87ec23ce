"""After the charge: the invoice against the promise. A difference opens an incident in the same transaction."""

from dataclasses import asdict

import structlog

from billing.gateway.contract import RemoteInvoice
from billing.mirror.charge import Promise, differences, is_grave
from billing.models import Incident, QuantityChange

log = structlog.get_logger(__name__)


def verify_charge(*, change: QuantityChange, invoice: RemoteInvoice | None) -> Incident | None:
    """Write what was charged onto an applied change; open an incident when it is not what was quoted (invariant 6).

    Without an invoice (in a trial) nothing was charged. The caller saves the change.
    """
    change.charged_total = invoice.total if invoice else 0
    change.charged_due = invoice.amount_due if invoice else 0
    if invoice is None:
        return None
    promise = promise_of(change)
    found = differences(promise, invoice)
    if not found:
        return None
    grave = is_grave(promise, invoice)
    incident, _ = Incident.objects.get_or_create(
        kind=Incident.Kind.CHARGE_DIFFERS,
        change=change,
        defaults={
            "account": change.account,
            "subscription": change.subscription,
            "gravity": Incident.Gravity.HIGH if grave else Incident.Gravity.LOW,
            "invoice_stripe_id": invoice.id,
            "currency": invoice.currency,
            "quoted": change.quoted_total,
            "charged": invoice.total,
            # Two integers of Stripe's compared; in another currency there is nothing to compare.
            "difference": invoice.total - change.quoted_total if invoice.currency == change.currency else 0,
            "differences": [asdict(difference) for difference in found],
        },
    )
    say = log.error if grave else log.warning
    say(
        "charge_differs_from_quote",
        change=change.public_id,
        incident=incident.public_id,
        quoted=change.quoted_total,
        charged=invoice.total,
        what=sorted({difference.what for difference in found}),
    )
    return incident


def promise_of(change: QuantityChange) -> Promise:
    """What a change was quoted; the finer parts only where its quote is kept."""
    quote = change.quote
    return Promise(
        currency=change.currency,
        total=change.quoted_total,
        amount_due=change.quoted_due,
        tax=quote.tax if quote else None,
        discount=quote.discount if quote else None,
        # A new cycle begins at the second of the call, which no quote can know; its amounts are whole periods.
        lines=quote.lines if quote and not quote.new_cycle else None,
    )
