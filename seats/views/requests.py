"""Ask for a seat, and answer those who ask."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.access.roles import roles_with
from accounts.members.queries import helpers_of
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seats.errors import SeatLimitReached
from seats.forms.requests import AnswerForm, RequestForm
from seats.holders.queries import seat_of, waiting_in
from seats.models import SeatRequest
from seats.pool.budgets import budgets_left
from seats.requests.decide_request import decide_request, may_exceed_budget
from seats.requests.queries import answered_requests, latest_request_of, open_requests, waits_for
from seats.requests.remind import remind
from seats.requests.request_seat import request_seat
from seats.requests.withdraw_request import withdraw_request
from seats.views.common import counts_for, ways_out

ANSWERED_SHOWN = 20


@requires("requests.make")
def ask(request: AccountRequest) -> HttpResponse:
    """A form for a reason; whoever has a seat or asked already is told so on their own page."""
    latest = latest_request_of(request.membership)
    asked = latest is not None and latest.state == SeatRequest.State.OPEN
    if request.method != "POST" and (asked or seat_of(request.membership)):
        return redirect("seats:me", request.account.slug)
    form = RequestForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                request_seat(
                    account=request.account,
                    membership=request.membership,
                    asked_by=request.membership.user,
                    reason=form.cleaned_data["reason"],
                    actor=actor_of(request),
                    at=now(),
                )
            except PortalError as error:
                put_error(form, error)
                status = error.status
            else:
                messages.success(request, _("Your request is on its way to those who decide."))
                return redirect("seats:me", request.account.slug)
    context = {"form": form, "helpers": helpers_of(request.account, roles=roles_with("requests.decide"))}
    return render(request, "seats/request.html", context, status=status)


@requires("requests.make")
@require_POST
def withdraw(request: AccountRequest, request_id: str) -> HttpResponse:
    """Take one's own request back."""
    mine = _mine(request, request_id)
    try:
        withdraw_request(account=request.account, request=mine, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Your request is withdrawn."))
    return _back(request, mine)


@requires("requests.make")
@require_POST
def remind_of(request: AccountRequest, request_id: str) -> HttpResponse:
    """Remind those who decide, once a day."""
    mine = _mine(request, request_id)
    try:
        remind(account=request.account, request=mine, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Your reminder stands at the request."))
    return _back(request, mine)


@requires("requests.decide")
@require_safe
def requests(request: AccountRequest) -> HttpResponse:
    """Who asks, who waits, and what was answered."""
    context = {
        "asked": [(one, waits_for(one, request.membership)) for one in open_requests(request.account)],
        "waiting": list(waiting_in(request.account)),
        "answered": list(answered_requests(request.account)[:ANSWERED_SHOWN]),
        "counts": counts_for(request),
    }
    return render(request, "seats/requests.html", context)


@requires("requests.decide")
def decide(request: AccountRequest, request_id: str) -> HttpResponse:
    """One request with its answer; approving gives the seat at once, or says what is missing."""
    asked = get_object_or_404(
        SeatRequest.objects.select_related("membership__user", "membership__department", "decided_by"),
        account=request.account,
        public_id=request_id,
    )
    if asked.is_purchase:
        return redirect("seats:purchase_request", request.account.slug, asked.public_id)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    place = asked.membership.department
    context: dict[str, Any] = {
        "asked": asked,
        "form": form,
        "counts": counts_for(request),
        "budget": next(iter(budgets_left(request.account, [place])), None) if place else None,
        "above": may_exceed_budget(asked, actor_of(request)),
    }
    status = 200
    if request.method == "POST":
        status = 422
        approve = request.POST.get("decision") == "approve"
        if form.is_valid():
            try:
                decide_request(
                    account=request.account,
                    request=asked,
                    approve=approve,
                    answer=form.cleaned_data["answer"],
                    actor=actor_of(request),
                    at=now(),
                )
            except SeatLimitReached as error:
                at = now()
                status = error.status
                context |= {"full": True, **ways_out(request, error, at)}
            except PortalError as error:
                put_error(form, error)
                status = error.status
            else:
                text = _("%(name)s has a seat now.") if approve else _("The request of %(name)s is refused.")
                messages.success(request, text % {"name": asked.membership.user})
                return redirect("seats:requests", request.account.slug)
    return render(request, "seats/decide.html", context, status=status)


def _back(request: AccountRequest, mine: SeatRequest) -> HttpResponse:
    if mine.is_purchase:
        return redirect("seats:purchase_request", request.account.slug, mine.public_id)
    return redirect("seats:me", request.account.slug)


def _mine(request: AccountRequest, request_id: str) -> SeatRequest:
    return get_object_or_404(SeatRequest, account=request.account, membership=request.membership, public_id=request_id)
