"""Sign-ins that several people seem to use: asked of the person first, then shown to admins."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seats.models import SharingCase
from seats.sharing.answer_sharing import answer_sharing
from seats.sharing.close_case import close_case
from seats.sharing.queries import shown_cases, tell
from seats.sharing.show_cases import SEES

CLOSED_SHOWN = 20


@requires(None)
@require_POST
def answer(request: AccountRequest, case_id: str) -> HttpResponse:
    """One's own answer; anything but the two buttons changes nothing."""
    case = get_object_or_404(SharingCase, account=request.account, membership=request.membership, public_id=case_id)
    said = request.POST.get("answer")
    if said not in (SharingCase.Answer.MINE, SharingCase.Answer.SHARED):
        messages.error(request, _("Choose one of the two answers."))
        return redirect("seats:me", request.account.slug)
    shared = said == SharingCase.Answer.SHARED
    try:
        answer_sharing(membership=request.membership, case=case, shared=shared, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            _("Thank you. Your admins can now give everybody a seat of their own.")
            if shared
            else _("Thank you. You will not be asked again for a while."),
        )
    return redirect("seats:me", request.account.slug)


@requires(SEES)
@require_safe
def sharing(request: AccountRequest) -> HttpResponse:
    """What waits for an admin, with its evidence, and what was closed."""
    cases = shown_cases(request.account)
    context = {
        "waiting": [tell(case) for case in cases.filter(closed_at__isnull=True)],
        "closed": [tell(case) for case in cases.filter(closed_at__isnull=False).order_by("-closed_at")[:CLOSED_SHOWN]],
        "may_buy": "seats.buy" in request.capabilities,
    }
    return render(request, "seats/sharing.html", context)


@requires(SEES)
@require_POST
def close(request: AccountRequest, case_id: str) -> HttpResponse:
    """Nothing more to do."""
    case = get_object_or_404(shown_cases(request.account), public_id=case_id)
    try:
        close_case(account=request.account, case=case, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The case of %(name)s is closed.") % {"name": case.membership.user})
    return redirect("seats:sharing", request.account.slug)
