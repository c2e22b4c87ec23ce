"""Everything about one account, for the account team."""

from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.models import Account
from seatportal.kit.clock import now
from seats.admin.accounts import check_may_look
from seats.admin.worth import worth_in_words
from seats.growth.accounts import account_row
from seats.growth.contacts import contacts_of, gaps_in
from seats.growth.message import Line
from seats.growth.playbooks import PLAYBOOKS
from seats.insight.health import RULE
from seats.models import Alert, ExpansionTask, LedgerEntry, Signal

HISTORY = 20


def account_view(request: HttpRequest, site: AdminSite, account_id: str) -> HttpResponse:
    """Seats, health, signals with their rules, tasks, people, history."""
    check_may_look(request)
    account = Account.objects.filter(pk=account_id).first() if account_id.isdigit() else None
    if account is None:
        raise Http404
    at = now()
    contacts = contacts_of(account)
    signals = Signal.objects.filter(account=account).select_related("account", "task").order_by("-seen_at", "-pk")
    tasks = ExpansionTask.objects.filter(account=account).select_related("owner").order_by("-opened_at", "-pk")
    context = {
        **site.each_context(request),
        "title": account.name,
        "account": account,
        "row": account_row(account, at),
        "health_rule": RULE,
        "open": [Line(signal) for signal in signals.filter(ended_at__isnull=True).order_by("-score", "pk")],
        "earlier": [Line(signal) for signal in signals.filter(ended_at__isnull=False)[:HISTORY]],
        "tasks": [(task, PLAYBOOKS[task.playbook], worth_in_words(task)) for task in tasks[:HISTORY]],
        "contacts": contacts,
        "gaps": gaps_in(contacts),
        "alerts": Alert.objects.filter(account=account)[:HISTORY],
        "ledger": LedgerEntry.objects.filter(account=account, kind__in=LedgerEntry.PURCHASES)
        .select_related("actor")
        .order_by("-at", "-pk")[:HISTORY],
    }
    return TemplateResponse(request, "admin/account_360.html", context)
