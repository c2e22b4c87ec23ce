"""Who wants to join by single sign-on: let in or keep out."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.models import JoinRequest
from accounts.sso.joins import approve_join, refuse_join
from accounts.sso.queries import join_requests_of
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError


@requires("members.manage")
@require_safe
def join_requests(request: AccountRequest) -> HttpResponse:
    """Those that wait, then those refused."""
    return render(request, "accounts/join_requests.html", {"rows": join_requests_of(request.account)[:200]})


@requires("members.manage")
@require_POST
def approve(request: AccountRequest, join_id: str) -> HttpResponse:
    """Let somebody in, with a seat or without."""
    row = _find(request, join_id)
    try:
        approve_join(
            account=request.account,
            request=row,
            with_seat=request.POST.get("seat") == "yes",
            actor=actor_of(request),
            at=now(),
        )
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(name)s is a member now.") % {"name": row.name or row.email})
    return redirect("accounts:join_requests", request.account.slug)


@requires("members.manage")
@require_POST
def refuse(request: AccountRequest, join_id: str) -> HttpResponse:
    """Keep somebody out."""
    row = _find(request, join_id)
    try:
        refuse_join(account=request.account, request=row, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(name)s stays out.") % {"name": row.name or row.email})
    return redirect("accounts:join_requests", request.account.slug)


def _find(request: AccountRequest, join_id: str) -> JoinRequest:
    return get_object_or_404(join_requests_of(request.account), public_id=join_id)
