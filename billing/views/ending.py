"""End the subscription with its period, or let it go on: what happens when, then one button."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from billing.changes.end_subscription import check_may_end, end_subscription, resume_subscription
from billing.forms import EndForm
from billing.mirror.queries import live_subscription, open_decrease, seat_item
from billing.models import Ending
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.templatetags.portal import day


@requires("billing.manage")
def end(request: AccountRequest) -> HttpResponse:
    """Say what ends when and what stays; on POST do it."""
    subscription = live_subscription(request.account)
    if subscription is None or subscription.cancel_at is not None:
        return redirect("billing:plan", request.account.slug)
    error, status, form = "", 200, EndForm(request.POST or None)
    try:
        check_may_end(subscription, at=now())
        if request.method == "POST" and form.is_valid():
            ending = end_subscription(
                account=request.account, actor=actor_of(request), at=now(), reason=form.cleaned_data["reason"]
            )
            _say(request, ending)
            return redirect("billing:plan", request.account.slug)
    except PortalError as problem:
        error, status = str(problem), problem.status
    context = {
        "subscription": subscription,
        "item": seat_item(subscription),
        "planned": open_decrease(request.account),
        "form": form,
        "error": error,
    }
    return render(request, "billing/end.html", context, status=status if request.method == "POST" else 200)


@requires("billing.manage")
@require_POST
def resume(request: AccountRequest) -> HttpResponse:
    """Take the end back."""
    try:
        _say(request, resume_subscription(account=request.account, actor=actor_of(request), at=now()))
    except PortalError as error:
        messages.error(request, str(error))
    return redirect("billing:plan", request.account.slug)


def _say(request: AccountRequest, ending: Ending) -> None:
    """What came of it, as far as it is known."""
    if ending.state == Ending.State.CONFIRMED:
        messages.info(request, _("This is on its way. It shows here as soon as the payment service confirms it."))
    elif ending.state == Ending.State.FAILED:
        messages.error(request, _("The payment service refused this. Nothing was changed. Talk to your account team."))
    elif ending.kind == Ending.Kind.RESUME:
        messages.success(request, _("The subscription goes on."))
    else:
        ending.subscription.refresh_from_db()
        text = _("The subscription ends on %(day)s. Until then everything works, and you can take this back.")
        messages.success(request, text % {"day": day(ending.subscription.cancel_at)})
