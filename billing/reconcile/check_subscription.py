"""One subscription: look, look again before saying anything, write down, put right what a reread puts right."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction

from billing.changes.finish_change import finish_change
from billing.gateway.contract import Listed, RemoteSubscription
from billing.gateway.stripe_api import gateway
from billing.mirror.edits import tell_of_shape
from billing.mirror.freeze import freeze, thaw
from billing.mirror.refresh import refresh_until_written
from billing.models import Customer, Drift, QuantityChange, Subscription
from billing.models.drift import Cause, Kind, Severity
from billing.models.subscription import ENDED
from billing.reconcile.causes import NOT_KNOWN, Origin, origin_of
from billing.reconcile.drifts import close_gone, known_drift, record_drift
from billing.reconcile.rules import Finding, compare, compare_books
from billing.reconcile.snapshot import snapshot

log = structlog.get_logger(__name__)
State = Drift.State

# What a look at one subscription can find, and so can also find gone.
KINDS = (
    Kind.QUANTITY,
    Kind.STANDING,
    Kind.SHAPE,
    Kind.OLD_CHANGE,
    Kind.FOREIGN_PENDING,
    Kind.LEDGER,
    Kind.POOL,
    Kind.COUNTER,
    Kind.MISSING,
    Kind.LIVEMODE,
)
# Whose edits are accepted as such; what we or Stripe's clockwork did is only caught up with.
EDITS = (Cause.DASHBOARD, Cause.PORTAL, Cause.OTHER_APP)


@dataclass
class Checked:
    """What one look brought: differences that are news, and how many of them are put right already."""

    found: int = 0
    repaired: int = 0


def check_listed(*, listed: Listed, at: datetime) -> Checked:
    """A row of Stripe's list. Raises GatewayError, or ValueError for one that cannot be understood."""
    customer = Customer.objects.filter(stripe_id=listed.customer_id).select_related("account").first()
    row = Subscription.objects.filter(stripe_id=listed.id).select_related("account", "customer").first()
    if listed.read is None:
        raise ValueError(f"{listed.id}: {listed.error}")
    if row is None:
        return _unknown(listed.read, customer, at)
    close_gone(subjects=[listed.id], kinds=[Kind.UNKNOWN], still=(), at=at)
    return check_subscription(subscription=row, remote=listed.read, at=at)


def check_subscription(*, subscription: Subscription, remote: RemoteSubscription, at: datetime) -> Checked:
    """Hold one of ours against Stripe and the seats' books. Raises GatewayError."""
    if remote.livemode != subscription.customer.livemode:
        return _refuse_other_mode(subscription, remote, at)
    findings = _compare(subscription, remote, at)
    if findings:
        # The list may be minutes old, and a purchase of ours may have been under way: only a fresh look counts.
        remote = gateway().subscription(subscription.stripe_id)
        findings = _compare(subscription, remote, at)
    checked = Checked()
    for finding in findings:
        news, right = _take_up(finding, subscription, at)
        checked.found += news
        checked.repaired += right
    subjects = {subscription.stripe_id, subscription.account.public_id}
    subjects |= set(QuantityChange.objects.filter(subscription=subscription).values_list("public_id", flat=True))
    frozen = Subscription.objects.filter(pk=subscription.pk, frozen=Subscription.Frozen.SHAPE).exists()
    # A changed shape stays on the list until somebody lets the subscription go on, though the mirror shows it by now.
    kinds = [kind for kind in KINDS if not (frozen and kind == Kind.SHAPE)]
    close_gone(subjects=subjects, kinds=kinds, still=findings, at=at)
    if not any(finding.kind == Kind.FOREIGN_PENDING for finding in findings):
        _settle_foreign(subscription)
    return checked


def _compare(subscription: Subscription, remote: RemoteSubscription, at: datetime) -> list[Finding]:
    ours, books = snapshot(subscription.pk)
    found = compare(ours, remote, at)
    live = remote.status not in ENDED or subscription.status not in ENDED
    if books is not None and live:
        found += compare_books(ours, books, subscription.account.public_id)
    return found


def _take_up(finding: Finding, subscription: Subscription, at: datetime) -> tuple[bool, bool]:
    """Write one difference down and do what the table says. Returns (is news, is right now)."""
    origin = NOT_KNOWN
    stripe_moved = finding.kind in (Kind.QUANTITY, Kind.STANDING, Kind.SHAPE, Kind.FOREIGN_PENDING)
    if stripe_moved and not known_drift(finding):
        since = subscription.synced_at
        origin = origin_of(kind=finding.kind, subscription_id=subscription.stripe_id, since=since, at=at)
    with transaction.atomic():
        drift, news = record_drift(
            finding=finding, at=at, account=subscription.account, subscription=subscription, origin=origin
        )
        if finding.kind in (Kind.SHAPE, Kind.FOREIGN_PENDING) and drift.state == State.FOUND:
            _freeze(subscription, finding.kind, at)
    if news:
        say = log.error if finding.severity == Severity.GRAVE else log.warning
        say(
            "drift_found",
            drift=drift.public_id,
            kind=finding.kind,
            about=finding.subject,
            ours=finding.ours,
            theirs=finding.theirs,
            cause=origin.cause,
        )
    return news, _put_right(drift, subscription, origin, at)


def _put_right(drift: Drift, subscription: Subscription, origin: Origin, at: datetime) -> bool:
    """Quantity and status flow from Stripe to us, so a reread repairs; a purchase left open is judged by reading."""
    if drift.kind in (Kind.QUANTITY, Kind.STANDING):
        found = refresh_until_written(stripe_id=subscription.stripe_id, at=at)
        right = found is not None and found.written
    elif drift.kind == Kind.OLD_CHANGE:
        change = QuantityChange.objects.get(public_id=drift.subject)
        right = not finish_change(change_id=change.pk, at=at).is_open
    else:
        return False
    if right:
        state = State.ACCEPTED if origin.cause in EDITS else State.REPAIRED
        Drift.objects.filter(pk=drift.pk).update(state=state, closed_at=at)
    return right


def _freeze(subscription: Subscription, kind: Kind, at: datetime) -> None:
    why = Subscription.Frozen.SHAPE if kind == Kind.SHAPE else Subscription.Frozen.FOREIGN_PENDING
    row = Subscription.objects.select_for_update(no_key=True, of=("self",)).get(pk=subscription.pk)
    if freeze(subscription=row, why=why, at=at) and kind == Kind.SHAPE:
        tell_of_shape(subscription=row, price="", at=at)


@transaction.atomic
def _settle_foreign(subscription: Subscription) -> None:
    row = Subscription.objects.select_for_update(no_key=True, of=("self",)).get(pk=subscription.pk)
    if row.frozen == Subscription.Frozen.FOREIGN_PENDING:
        thaw(subscription=row)


def _unknown(remote: RemoteSubscription, customer: Customer | None, at: datetime) -> Checked:
    """Quarantine: written down, never made ours and never ended by itself. What has ended concerns nobody."""
    if remote.status in ENDED:
        return Checked()
    quantity = sum(item.quantity for item in remote.items)
    finding = Finding(
        Kind.UNKNOWN, remote.id, Severity.WARNING, "–", f"{remote.status}, {quantity}, {remote.customer_id}"
    )
    _, news = record_drift(finding=finding, at=at, account=customer.account if customer else None)
    if news:
        log.warning("subscription_unknown", subscription=remote.id, customer=remote.customer_id)
    return Checked(found=int(news))


def _refuse_other_mode(subscription: Subscription, remote: RemoteSubscription, at: datetime) -> Checked:
    mine, yours = ("live" if mode else "test" for mode in (subscription.customer.livemode, remote.livemode))
    finding = Finding(Kind.LIVEMODE, subscription.stripe_id, Severity.GRAVE, mine, yours)
    _, news = record_drift(finding=finding, at=at, account=subscription.account, subscription=subscription)
    if news:
        log.error("livemode_mixed", subscription=subscription.stripe_id, ours=mine, theirs=yours)
    return Checked(found=int(news))
