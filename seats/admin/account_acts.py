"""What staff do to one account from its page: a page that says what follows, a reason, one verb."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.access.actor import Actor, actor_of
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Membership, Role
from billing.quotes.bounds import self_service_bound
from billing.reconcile.reconcile import reconcile_account
from billing.terms.offers import begin_offer
from seatportal.kit.acts import ReasonForm
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seatportal.templatetags.portal import day
from seats.capacity.comp_seats import MOST, comp_seats, end_comp
from seats.growth.reviews import CADENCE, prepare_review
from seats.growth.sweep import sweep_account
from seats.insight.activity import today_in
from seats.models import SeatPool, Signal


@dataclass(frozen=True)
class AccountAct:
    """One button. preview: what it would do to this account.

    run: (account, actor, at, **what the form asks) → what happened. initial: what the form begins with.
    offered: for which accounts.
    """

    name: str
    label: str | Promise
    permission: str
    preview: Callable[[Account, datetime], str]
    run: Callable[..., str]
    form: type[ReasonForm] = ReasonForm
    initial: Callable[[Account, datetime], dict[str, Any]] = lambda account, at: {}
    offered: Callable[[Account], bool] = lambda account: True


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


class BeginOfferForm(ReasonForm):
    """How many seats in all, and whom the offer goes to."""

    quantity = forms.IntegerField(label=gettext_lazy("Seats in all"), min_value=1, max_value=100_000)
    contact = forms.EmailField(label=gettext_lazy("Where the offer goes"), widget=forms.EmailInput(attrs={"size": 40}))
    field_order = ("quantity", "contact", "reason")


def _offer_begins_with(account: Account, at: datetime) -> dict[str, Any]:
    owner = Membership.objects.filter(account=account, role=Role.OWNER, left_at__isnull=True).order_by("pk").first()
    return {"quantity": self_service_bound(account, at) + 1, "contact": owner.user.email if owner else ""}


def _preview_offer(account: Account, at: datetime) -> str:
    return _(
        "An offer over more than the %(max)d seats that are sold here is begun for this account. The customer sees it "
        "as an offer of the account team and can turn it down. Your answer to it, on its own page, is mailed. Nothing "
        "is charged and no seat is added."
    ) % {"max": self_service_bound(account, at)}


def _offer(account: Account, actor: Actor, at: datetime, quantity: int, contact: str, reason: str) -> str:
    begin_offer(
        account=account,
        quantity=quantity,
        contact=contact,
        reason=reason,
        actor=actor,
        at=at,
        above=self_service_bound(account, at),
    )
    return ngettext(
        "The offer over %(seats)d seat is begun. Answer it under Procurement.",
        "The offer over %(seats)d seats is begun. Answer it under Procurement.",
        quantity,
    ) % {"seats": quantity}


class CompForm(ReasonForm):
    """How many seats, until when, and why."""

    seats = forms.IntegerField(label=gettext_lazy("Seats free of charge"), min_value=1, max_value=MOST)
    until = forms.DateField(
        label=gettext_lazy("Last day"),
        help_text=gettext_lazy("They end when this day is over in the account’s time zone."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    field_order = ("seats", "until", "reason")


def _preview_comp(account: Account, at: datetime) -> str:
    pool = SeatPool.objects.get(account=account)
    now_there = (
        _("At present: %(count)d until %(day)s; what you enter takes their place.")
        % {"count": pool.comped, "day": day(pool.comped_until)}
        if pool.comped
        else _("At present there are none.")
    )
    return " ".join(
        [
            _("The limit rises by so many seats, and those who wait get them. They are not charged or trued up."),
            now_there,
            _("%(purchased)d are purchased, %(assigned)d taken.")
            % {"purchased": pool.purchased, "assigned": pool.assigned},
            _("When they end nobody loses a seat at once: what is taken beyond the limit has its days of grace."),
        ]
    )


def _comp(account: Account, actor: Actor, at: datetime, seats: int, until: date, reason: str) -> str:
    pool = comp_seats(account=account, seats=seats, until=until, reason=reason, actor=actor, at=at)
    return ngettext(
        "%(count)d seat is free of charge until %(day)s.",
        "%(count)d seats are free of charge until %(day)s.",
        pool.comped,
    ) % {"count": pool.comped, "day": day(pool.comped_until)}


def _preview_end_comp(account: Account, at: datetime) -> str:
    pool = SeatPool.objects.get(account=account)
    beyond = max(pool.assigned - pool.purchased - pool.allowance, 0)
    return " ".join(
        [
            ngettext("%(count)d seat free of charge ends now.", "%(count)d seats free of charge end now.", pool.comped)
            % {"count": pool.comped},
            ngettext(
                "%(count)d seat is then taken beyond the limit; it has %(days)d days of grace.",
                "%(count)d seats are then taken beyond the limit; they have %(days)d days of grace.",
                beyond,
            )
            % {"count": beyond, "days": pool.grace_days},
        ]
    )


def _end_comp(account: Account, actor: Actor, at: datetime, reason: str) -> str:
    end_comp(account=account, reason=reason, actor=actor, at=at)
    return _("The seats free of charge have ended.")


def _has_comp(account: Account) -> bool:
    return SeatPool.objects.filter(account=account, comped__gt=0).exists()


ACTS = (
    AccountAct("detect", gettext_lazy("Run detectors now"), "seats.change_signal", _preview_detect, _detect),
    AccountAct(
        "compare", gettext_lazy("Compare with Stripe now"), "billing.change_subscription", _preview_compare, _compare
    ),
    AccountAct(
        "offer",
        gettext_lazy("Begin an offer"),
        "billing.add_offerrequest",
        _preview_offer,
        _offer,
        BeginOfferForm,
        _offer_begins_with,
    ),
    AccountAct("review", gettext_lazy("Prepare business review"), "seats.add_businessreview", _preview_review, _review),
    AccountAct(
        "comp", gettext_lazy("Give seats free of charge"), "seats.change_seatpool", _preview_comp, _comp, form=CompForm
    ),
    AccountAct(
        "end-comp",
        gettext_lazy("End seats free of charge"),
        "seats.change_seatpool",
        _preview_end_comp,
        _end_comp,
        offered=_has_comp,
    ),
)


def acts_for(request: HttpRequest, account: Account) -> list[tuple[str | Promise, str]]:
    """The buttons for those who may press them."""
    return [
        (act.label, reverse("admin:seats_signal_account_act", args=[account.pk, act.name]))
        for act in ACTS
        if request.user.has_perm(act.permission) and act.offered(account)
    ]


def account_act_view(request: HttpRequest, site: AdminSite, account: Account, name: str) -> HttpResponse:
    """Say what follows and ask why; then do it. 403 for those who may only look."""
    act = next((one for one in ACTS if one.name == name), None)
    if act is None:
        raise Http404
    if not request.user.has_perm(act.permission):
        raise PermissionDenied
    at, back = now(), reverse("admin:seats_signal_account", args=[account.pk])
    form = act.form(request.POST if request.method == "POST" else None, initial=act.initial(account, at))
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            done = act.run(account, actor_of(request, door="admin"), at, **form.cleaned_data)
        except PortalError as error:
            put_error(form, error)
            status = 409
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
    return TemplateResponse(request, "admin/account_act.html", context, status=status)
