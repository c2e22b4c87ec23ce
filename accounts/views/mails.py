"""The link of a mail whose opening is noted."""

from typing import cast

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import signed_in
from accounts.models import User
from accounts.notices.note_opening import note_opening
from seatportal.kit.clock import now
from seatportal.kit.htmx import HtmxRequest


@signed_in
@require_safe
def open_mail(request: HtmxRequest, token: str) -> HttpResponse:
    """Note it, and lead on to the page."""
    acting = actor_of(request).impersonator is not None
    page = note_opening(token=token, reader=cast(User, request.user), at=now(), acting=acting)
    if page is None:
        raise Http404
    return redirect(page)
