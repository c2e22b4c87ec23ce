"""Everything about one account, for the account team."""

from datetime import date
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.access.impersonation import may_impersonate
from accounts.models import Account, AuditEntry, Membership, Role, User
from billing.mirror.queries import live_subscription, seat_item
from billing.models import Customer, Drift, Incident, Invoice, OfferRequest, Quote, StripeEvent, Subscription
from billing.terms.queries import terms_of
from seatportal.kit.clock import now
from seatportal.kit.numbers import whole
from seats.admin.account_acts import acts_for
from seats.admin.accounts import check_may_look
from seats.admin.worth import worth_in_words
from seats.growth.accounts import account_row
from seats.growth.contacts import contacts_of, coverage_of, gaps_in
from seats.growth.message import Line
from seats.growth.playbooks import PLAYBOOKS
from seats.growth.procurement import procurement_of
from seats.growth.reviews import latest_review
from seats.insight.health import RULE
from seats.insight.history import twelve_months
from seats.insight.runway import runway
from seats.insight.use_chart import use_chart
from seats.models import Alert, BusinessReview, ExpansionTask, LedgerEntry, SeatPool, SeatRequest, Signal, UsageReport
from seats.rollout.queries import waiting_tranches
from seats.value.mails import reports_sent

HISTORY, FEW = 20, 5


def account_of(account_id: str) -> Account:
    """The account of an address. Raises Http404."""
    number = whole(account_id)
    account = None if number is None else Account.objects.filter(pk=number).first()
    if account is None:
        raise Http404
    return account


def account_view(request: HttpRequest, site: AdminSite, account_id: str) -> HttpResponse:
    """Plan and policy, seats, health, signals, tasks, people, procurement, money, history."""
    check_may_look(request)
    account, at = account_of(account_id), now()
    row, contacts, history = account_row(account, at), contacts_of(account), twelve_months(account, at)
    ends = runway(history.points, free=row.seats.free, today=history.last)
    signals = Signal.objects.filter(account=account).select_related("account", "task").order_by("-seen_at", "-pk")
    tasks = ExpansionTask.objects.filter(account=account).select_related("owner").order_by("-opened_at", "-pk")
    context = {
        **site.each_context(request),
        "title": account.name,
        "account": account,
        "row": row,
        "health_rule": RULE,
        "use": row.seats,
        "year": use_chart(history, _active_weeks(account)),
        "runway": ends,
        "open": [Line(signal) for signal in signals.filter(ended_at__isnull=True).order_by("-score", "pk")],
        "earlier": [Line(signal) for signal in signals.filter(ended_at__isnull=False)[:HISTORY]],
        "tasks": [(task, PLAYBOOKS[task.playbook], worth_in_words(task)) for task in tasks[:HISTORY]],
        "contacts": contacts,
        "gaps": gaps_in(contacts),
        "coverage": coverage_of(contacts),
        "procurement": procurement_of(account, at=at, runway=ends),
        "review": latest_review(account),
        "reviews": BusinessReview.objects.filter(account=account).select_related("prepared_by")[:FEW],
        "sent": reports_sent(account, most=HISTORY),
        "today": history.last,
        "alerts": Alert.objects.filter(account=account)[:HISTORY],
        "ledger": LedgerEntry.objects.filter(account=account, kind__in=LedgerEntry.PURCHASES)
        .select_related("actor")
        .order_by("-at", "-pk")[:HISTORY],
        **_policy(account),
        **_money(account),
        "acts": acts_for(request, account),
        "links": _links(request, account),
        "view_as": _view_as(request, account),
    }
    return TemplateResponse(request, "admin/account_360.html", context)


def _policy(account: Account) -> dict[str, Any]:
    """Plan and limit; the last reason for the limit is the trail's."""
    subscription = live_subscription(account)
    item = seat_item(subscription) if subscription else None
    said = AuditEntry.objects.filter(account=account, action="policy.changed").order_by("-pk").first()
    return {
        "subscription": subscription,
        "price": item.price if item else None,
        "pool": SeatPool.objects.get(account=account),
        "policy_reason": said,
        "terms": terms_of(account),
    }


def _money(account: Account) -> dict[str, Any]:
    """The newest requests, prices, invoices and events; what differs from Stripe."""
    customer = Customer.objects.filter(account=account).first()
    subscriptions = Subscription.objects.filter(account=account).values("stripe_id")
    events = StripeEvent.objects.filter(
        Q(subscription_stripe_id__in=subscriptions) | Q(customer_stripe_id=customer.stripe_id if customer else "-")
    )
    return {
        "asked": SeatRequest.objects.filter(account=account).select_related("membership__user").order_by("-pk")[:FEW],
        "tranches": waiting_tranches(account)[:FEW],
        "offers": OfferRequest.objects.filter(account=account).order_by("-pk")[:FEW],
        "quotes": Quote.objects.filter(account=account).select_related("user").order_by("-pk")[:FEW],
        "invoices": Invoice.objects.filter(account=account)[:FEW],
        "events": events.defer("payload").order_by("-received_at")[: 2 * FEW],
        "drifts": Drift.objects.filter(account=account, state=Drift.State.FOUND)[:FEW],
        "incidents": Incident.objects.filter(account=account).exclude(state=Incident.State.RESOLVED)[:FEW],
    }


def _active_weeks(account: Account) -> list[tuple[date, int]]:
    """The kept report's weeks; none while nothing was reported."""
    kept = UsageReport.objects.filter(account=account).first()
    return [(date.fromisoformat(day), active) for day, active in kept.data.get("weeks", [])] if kept else []


def _links(request: HttpRequest, account: Account) -> list[tuple[str | Promise, str]]:
    """Pages on which staff change something of this account, for those who may."""
    user, terms = request.user, terms_of(account)
    pool = SeatPool.objects.get(account=account)
    wanted: list[tuple[str, str | Promise, str]] = [
        ("seats.change_seatpool", _("Change the limit"), reverse("admin:seats_seatpool_change", args=[pool.pk])),
        (
            "billing.change_terms",
            _("Change terms, or give more grace"),
            reverse("admin:billing_terms_change", args=[terms.pk])
            if terms
            else f"{reverse('admin:billing_terms_add')}?account={account.pk}",
        ),
    ]
    return [(label, url) for permission, label, url in wanted if user.has_perm(permission)]


def _view_as(request: HttpRequest, account: Account) -> User | None:
    """The owner as whom the reader may look at the account."""
    owner = (
        Membership.objects.filter(account=account, role=Role.OWNER, left_at__isnull=True)
        .select_related("user")
        .order_by("pk")
        .first()
    )
    reader = request.user
    if owner is None or not isinstance(reader, User) or not may_impersonate(hijacker=reader, hijacked=owner.user):
        return None
    return owner.user
