"""What staff do to one account from its page: a page that says what follows, a reason, one verb."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access.actor import Actor, actor_of
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing.reconcile.reconcile import reconcile_account
from seatportal.kit.acts import ReasonForm
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.templatetags.portal import day
from seats.growth.reviews import CADENCE, prepare_review
from seats.growth.sweep import sweep_account
from seats.insight.activity import today_in
from seats.models import Signal


@dataclass(frozen=True)
class AccountAct:
    """One button. preview: what it would do to this account. run: (account, actor, at, reason) → what happened."""

    name: str
    label: str | Promise
    permission: str
    preview: Callable[[Account, datetime], str]
    run: Callable[[Account, Actor, datetime, str], str]


def _preview_detect(account: Account, at: datetime) -> str:
    count = Signal.objects.filter(account=account, ended_at__isnull=True).count()
    return _(
        "Every detector looks at this account now. Signals open and end by their rules (%(count)d are open), and what "
        "is new is told to the account team. Nothing changes for the customer."
    ) % {"count": count}


def _detect(account: Account, actor: Actor, at: datetime, reason: str) -> str:
    swept = sweep_account(account=account, at=at)
    # Staff's own affair, so it stands in no customer's trail.
    record_audit(
        account=None,
        actor=actor,
        action="detectors.run",
        target=account.public_id,
        summary=reason,
        opened=swept.opened,
        ended=swept.ended,
    )
    return _("%(opened)d opened, %(ended)d ended.") % {"opened": swept.opened, "ended": swept.ended}


def _preview_compare(account: Account, at: datetime) -> str:
    return _(
        "Stripe is read, and the subscription, ledger, pool and seats are held against it. Differences are listed as "
        "drift; only what a read repairs by itself is repaired."
    )


def _compare(account: Account, actor: Actor, at: datetime, reason: str) -> str:
    done = reconcile_account(account=account, at=at)
    record_audit(account=None, actor=actor, action="account.compared", target=account.public_id, summary=reason)
    words = _("%(found)d found, %(repaired)d repaired, %(failed)d failed.")
    return words % {"found": done.found, "repaired": done.repaired, "failed": done.failed}


def _preview_review(account: Account, at: datetime) -> str:
    return _(
        "Today's value, opportunities and roadmap are put together and kept. The next review is set for %(day)s."
    ) % {"day": day(today_in(account, at) + CADENCE)}


def _review(account: Account, actor: Actor, at: datetime, reason: str) -> str:
    row = prepare_review(account=account, actor=actor, at=at, reason=reason)
    return _("The review is prepared; the next one is due on %(day)s.") % {"day": day(row.next_on)}


ACTS = (
    AccountAct("detect", gettext_lazy("Run detectors now"), "seats.change_signal", _preview_detect, _detect),
    AccountAct(
        "compare", gettext_lazy("Compare with Stripe now"), "billing.change_subscription", _preview_compare, _compare
    ),
    AccountAct("review", gettext_lazy("Prepare business review"), "seats.add_businessreview", _preview_review, _review),
)


def acts_for(request: HttpRequest, account: Account) -> list[tuple[str | Promise, str]]:
    """The buttons for those who may press them."""
    return [
        (act.label, reverse("admin:seats_signal_account_act", args=[account.pk, act.name]))
        for act in ACTS
        if request.user.has_perm(act.permission)
    ]


def account_act_view(request: HttpRequest, site: AdminSite, account: Account, name: str) -> HttpResponse:
    """Say what follows and ask why; then do it. 403 for those who may only look."""
    act = next((one for one in ACTS if one.name == name), None)
    if act is None:
        raise Http404
    if not request.user.has_perm(act.permission):
        raise PermissionDenied
    at, back = now(), reverse("admin:seats_signal_account", args=[account.pk])
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            done = act.run(account, actor_of(request, door="admin"), at, form.cleaned_data["reason"])
        except PortalError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, done)
            return redirect(back)
    context = {
        **site.each_context(request),
        "title": act.label,
        "explain": act.preview(account, at),
        "form": form,
        "account": account,
        "back": back,
    }
    status = 409 if form.non_field_errors() else 200
    return TemplateResponse(request, "admin/account_act.html", context, status=status)
