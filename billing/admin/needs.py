"""What about money waits for a person, counted."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

from django.db.models import Count, Min, Model
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.models import CreditNote, Drift, IdleCredit, Incident, QuantityChange, Refund, StripeEvent, Subscription
from seatportal.kit.admin import Need
from seatportal.kit.clock import now

# A delivery that waits longer than this has missed several sweeps.
LATE = timedelta(minutes=15)

# label, model, the field that says since when, what is counted. Graves first, in the order in which to look at them.
GRAVE: tuple[tuple[str | Promise, type[Model], str, dict[str, str]], ...] = (
    (
        _("Incidents: more was charged than quoted, or money and seats do not agree"),
        Incident,
        "created_at",
        {"state__exact": "open", "gravity__exact": "high"},
    ),
    (_("Purchases whose evidence disagrees"), QuantityChange, "confirmed_at", {"state__exact": "conflict"}),
    (_("Grave differences to Stripe"), Drift, "first_seen", {"state__exact": "found", "severity__exact": "grave"}),
    (_("Events of Stripe that were given up on"), StripeEvent, "received_at", {"state__exact": "dead"}),
    (_("Credit notes that Stripe refused"), CreditNote, "created_at", {"state__exact": "refused"}),
    (_("Credits for idle seats that failed"), IdleCredit, "created_at", {"state__exact": "failed"}),
    (_("Refunds that Stripe refused"), Refund, "created_at", {"state__exact": "refused"}),
    (_("Refunds that the bank sent back"), Refund, "returned_at", {"state__exact": "returned"}),
)
OTHER: tuple[tuple[str | Promise, type[Model], str, dict[str, str]], ...] = (
    (_("Subscriptions with self-service stopped"), Subscription, "frozen_at", {"frozen__gt": ""}),
    (_("Incidents that somebody is on"), Incident, "created_at", {"state__exact": "acknowledged"}),
    (
        _("Incidents in the customer's favour"),
        Incident,
        "created_at",
        {"state__exact": "open", "gravity__exact": "low"},
    ),
    (
        _("Differences to Stripe that want one click"),
        Drift,
        "first_seen",
        {"state__exact": "found", "severity__exact": "warning"},
    ),
    (_("Credit notes on their way"), CreditNote, "created_at", {"state__exact": "confirmed"}),
    (_("Events of the other mode, refused"), StripeEvent, "received_at", {"state__exact": "refused"}),
)


def money_needs() -> Iterator[Need]:
    """Every kind of thing, also those of which there are none: seeing a nought is the point."""
    for label, model, since, query in GRAVE:
        yield _need(label, model, since, query, grave=True)
    for label, model, since, query in OTHER:
        yield _need(label, model, since, query, grave=False)
    late = {"state__exact": "waiting", "received_at__lt": (now() - LATE).isoformat()}
    label = _("Events that wait for longer than a quarter of an hour")
    yield _need(label, StripeEvent, "received_at", late, grave=False)


def _need(label: str | Promise, model: type[Model], since: str, query: dict[str, str], *, grave: bool) -> Need:
    """One line. The query is the list's own filter, so the number and the list that it opens cannot differ."""
    found = model._default_manager.order_by().filter(**query).aggregate(count=Count("pk"), oldest=Min(since))
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return Need(label, found["count"], found["oldest"], f"{url}?{urlencode(query)}", grave=grave)
