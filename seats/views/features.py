"""Ask for a feature, and what the vendor said to what one's account asked for."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seats.feature_requests.ask_feature import ask_feature
from seats.feature_requests.queries import features_of
from seats.forms.features import FeatureForm

PAGE_SIZE = 50


@requires("requests.make")
def features(request: AccountRequest) -> HttpResponse:
    """The form, and the account's wishes with their state."""
    form = FeatureForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                ask_feature(
                    account=request.account,
                    membership=request.membership,
                    actor=actor_of(request),
                    at=now(),
                    **form.cleaned_data,
                )
            except PortalError as error:
                put_error(form, error)
                status = error.status
            else:
                messages.success(request, _("Your request is kept. You hear by mail as soon as it is decided."))
                return redirect("seats:features", request.account.slug)
    page = Paginator(features_of(request.account), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "seats/features.html", {"form": form, "page": page}, status=status)
