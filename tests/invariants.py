"""The 18 invariants of the payment design, checked on PostgreSQL and at Stripe once a story has come to rest."""

from django.db import connection
from django.db.models import Count, F, Sum

from billing.models import Invoice, QuantityChange, Subscription
from seats.models import Assignment, LedgerEntry, SeatPool
from tests.desk import Desk

State = QuantityChange.State


def broken_invariants(desk: Desk) -> list[str]:
    """Every invariant that does not hold, in words; empty is what a test wants."""
    found: list[str] = []
    for subscription in Subscription.objects.all():
        found += _of_subscription(desk, subscription)
    for change in QuantityChange.objects.all():
        found += _of_change(desk, change)
    keys = QuantityChange.objects.values("idempotency_key").annotate(n=Count("params_sha256", distinct=True))
    found += ["9: one key, several parameters" for row in keys if row["n"] != 1]
    found += _requests(desk)
    found += _money_columns()
    return found


def _of_subscription(desk: Desk, subscription: Subscription) -> list[str]:
    found: list[str] = []
    item = subscription.items.get()
    truth = desk.quantity(subscription.stripe_id)
    pool = SeatPool.objects.get(account=subscription.account)
    if item.quantity != truth:
        found.append(f"2: mirror says {item.quantity}, Stripe {truth}")
    open_changes = subscription.changes.filter(state__in=QuantityChange.OPEN).count()
    if open_changes > 1:
        found.append("11: two open changes")
    moved = LedgerEntry.objects.filter(account=subscription.account).aggregate(
        n=Sum(F("purchased_after") - F("purchased_before"))
    )["n"]
    if moved != truth or pool.purchased != truth:
        found.append(f"14: ledger says {moved}, pool {pool.purchased}, Stripe {truth}")
    held = Assignment.objects.filter(account=subscription.account, ended_at__isnull=True).count()
    if pool.assigned != held or pool.assigned > pool.entitled:
        found.append(f"13: {pool.assigned} counted, {held} held, {pool.entitled} allowed")
    paid = desk.invoices(subscription.stripe_id, billing_reason="subscription_update", status="paid")
    applied = subscription.changes.filter(state=State.APPLIED)
    if len(paid) != applied.count():
        found.append(f"1: {len(paid)} paid invoices for {applied.count()} applied changes")
    if {i["id"] for i in paid} != set(applied.values_list("invoice_stripe_id", flat=True)):
        found.append("1: a paid invoice belongs to no change")
    return found


def _of_change(desk: Desk, change: QuantityChange) -> list[str]:
    found: list[str] = []
    grants = LedgerEntry.objects.filter(account=change.account, change_id=change.public_id)
    invoices = [i for i in desk.invoices(change.subscription.stripe_id) if i["id"] == change.invoice_stripe_id]
    if change.state == State.APPLIED:
        if grants.count() != 1:
            found.append(f"5: {grants.count()} grants for one applied change")
        if not invoices or invoices[0]["status"] != "paid":
            found.append("4: applied without a paid invoice")
        elif invoices[0]["total"] != change.quoted_total or invoices[0]["amount_due"] > change.quoted_due:
            found.append(f"6: quoted {change.quoted_total}, charged {invoices[0]['total']}")
    elif grants.exists():
        found.append(f"4: granted in state {change.state}")
    over = change.state in (State.ABANDONED, State.REJECTED, State.FAILED, State.SUPERSEDED)
    if over and any(i["status"] in ("open", "paid") for i in invoices):
        found.append(f"7: {change.state} with an {invoices[0]['status']} invoice")
    if change.state in (State.CONFIRMED, State.CALLING, State.UNKNOWN):
        found.append(f"3: still {change.state}")
    if change.account_id != change.subscription.account_id:
        found.append("17: a change of another account's subscription")
    if Invoice.objects.filter(stripe_id=change.invoice_stripe_id).exclude(account=change.account).exists():
        found.append("17: an invoice of another account")
    return found


def _requests(desk: Desk) -> list[str]:
    """What was really sent: every write to a subscription carried one of our stored keys, with one body."""
    found: list[str] = []
    known = set(QuantityChange.objects.values_list("idempotency_key", flat=True))
    log = desk.simulator.get("/_control/requests")["requests"]
    for row in log:
        key = row.get("idempotency_key") or ""
        if key.startswith("seatchg:") and key not in known:
            found.append(f"8: key {key} was sent but is not stored")
    return found


def _money_columns() -> list[str]:
    """Invariant 18: no column of ours holds money as a float."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND data_type IN ('real', 'double precision') AND table_name ~ '^(billing|seats|accounts)_'"
        )
        return [f"18: {table}.{column} is a float" for table, column in cursor.fetchall()]
