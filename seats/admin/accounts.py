"""Two pages of our own among the staff lists: all accounts by how full they are, and everything about one."""

from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, User
from seatportal.kit.clock import now
from seats.admin.worth import worth_in_words
from seats.growth.accounts import FILTERS, account_row, accounts_page, totals
from seats.growth.contacts import contacts_of, gaps_in
from seats.growth.message import Line
from seats.growth.playbooks import PLAYBOOKS
from seats.models import Alert, ExpansionTask, LedgerEntry, Signal

NAMES = {
    "": gettext_lazy("All"),
    "mine": gettext_lazy("Mine"),
    "ready": gettext_lazy("80 % or more"),
    "full": gettext_lazy("Full"),
    "low": gettext_lazy("Adoption first"),
    "signals": gettext_lazy("With signals"),
    "power": gettext_lazy("Power users"),
    "growth": gettext_lazy("Departments grow"),
    "renewal": gettext_lazy("Renewal in 90 days"),
}
HISTORY = 20


def accounts_view(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Who to talk to today."""
    _check(request)
    at = now()
    show, industry = request.GET.get("show", ""), request.GET.get("industry", "")
    show = show if show in FILTERS else ""
    page = int(number) if (number := request.GET.get("page", "")).isdigit() else 1
    user = request.user if isinstance(request.user, User) else None
    found, more = accounts_page(at=at, show=show, industry=industry, user=user, page=page)
    industries = Account.objects.exclude(industry="").order_by("industry").values_list("industry", flat=True).distinct()
    chips = [
        {"label": name, "url": _url(show=key, industry=industry), "current": key == show} for key, name in NAMES.items()
    ]
    context = {
        **site.each_context(request),
        "title": _("Accounts"),
        "totals": totals(at),
        "rows": [(row, [Line(signal) for signal in row.signals], _task(row.task)) for row in found],
        "chips": chips,
        "industries": [
            {
                "label": name,
                "url": _url(show=show, industry="" if name == industry else name),
                "current": name == industry,
            }
            for name in industries
        ],
        "next": _url(show=show, industry=industry, page=str(page + 1)) if more else "",
        "previous": _url(show=show, industry=industry, page=str(page - 1)) if page > 1 else "",
    }
    return TemplateResponse(request, "admin/accounts.html", context)


def account_view(request: HttpRequest, site: AdminSite, account_id: str) -> HttpResponse:
    """Everything about one account: seats, signals with their rules, tasks, people, history."""
    _check(request)
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


def _check(request: HttpRequest) -> None:
    if not request.user.has_perm("seats.view_signal"):
        raise PermissionDenied


def _task(task: ExpansionTask | None) -> str:
    return str(PLAYBOOKS[task.playbook].title) if task else ""


def _url(**values: str) -> str:
    return "?" + urlencode({key: value for key, value in values.items() if value})
