"""Make our invoice say what Stripe's says; the only writer of invoices and their lines."""

from accounts.models import Account
from billing.gateway.contract import RemoteInvoice
from billing.models import Invoice, InvoiceLine, Subscription


def unpaid_of(account: Account) -> set[str]:
    """Which invoices are open: when that moves, so may what the account is allowed."""
    return set(Invoice.objects.filter(account=account, status="open").values_list("stripe_id", flat=True))


# Stripe's invoices go one way. Reads of them carry no fence, so one that shows an earlier step is an older read.
_STEP = {"draft": 0, "open": 1, "uncollectible": 2, "paid": 3, "void": 3}


def mirror_invoice(*, account: Account, subscription: Subscription | None, remote: RemoteInvoice) -> Invoice:
    """Write one invoice with its lines, in the caller's transaction; an older read leaves the newer one's row."""
    known = Invoice.objects.select_for_update(no_key=True).filter(stripe_id=remote.id).first()
    if known is not None and _STEP.get(remote.status, 0) < _STEP.get(known.status, 0):
        return known
    invoice, _ = Invoice.objects.update_or_create(
        stripe_id=remote.id,
        defaults={
            "account": account,
            "subscription": subscription,
            "number": remote.number,
            "status": remote.status,
            "billing_reason": remote.billing_reason,
            "currency": remote.currency,
            "subtotal": remote.subtotal,
            "tax": remote.tax,
            "total": remote.total,
            "amount_due": remote.amount_due,
            "amount_paid": remote.amount_paid,
            "amount_remaining": remote.amount_remaining,
            "starting_balance": remote.starting_balance,
            "ending_balance": remote.ending_balance,
            "hosted_url": remote.hosted_url,
            "pdf_url": remote.pdf_url,
            "issued_at": remote.created,
            "due_at": remote.due_at,
            "paid_at": remote.paid_at,
        },
    )
    lines = set(invoice.lines.values_list("stripe_id", "amount"))
    if lines != {(line.id, line.amount) for line in remote.lines}:
        invoice.lines.all().delete()
        InvoiceLine.objects.bulk_create(
            InvoiceLine(
                invoice=invoice,
                stripe_id=line.id,
                position=position,
                description=line.description[:300],
                amount=line.amount,
                quantity=line.quantity,
                period_start=line.period_start,
                period_end=line.period_end,
                proration=line.proration,
            )
            for position, line in enumerate(remote.lines)
        )
    return invoice
