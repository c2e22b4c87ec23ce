"""The reader's own alerts, with marks of what was read."""

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from seatportal.kit.clock import now
from seatportal.kit.numbers import whole
from seats.growth.inbox import inbox_of, mark_read
from seats.growth.message import Line

SHOWN = 100


def inbox_view(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """The newest alerts of the reader; a POST marks those chosen, or all, as read."""
    user = request.user
    if not isinstance(user, User) or not user.has_perm("seats.view_alert"):
        raise PermissionDenied
    if request.method == "POST":
        chosen = [pk for text in request.POST.getlist("alert") if (pk := whole(text)) is not None]
        count = mark_read(user=user, at=now(), alerts=None if "all" in request.POST else chosen)
        messages.success(
            request, ngettext("%d alert is marked as read.", "%d alerts are marked as read.", count) % count
        )
        return redirect("admin:seats_alert_inbox")
    rows = inbox_of(user)[:SHOWN]
    context = {
        **site.each_context(request),
        "title": _("Inbox"),
        "rows": [(row, [Line(signal).title for signal in row.alert.signals.all()]) for row in rows],
        "unread": sum(row.read_at is None for row in rows),
    }
    return TemplateResponse(request, "admin/inbox.html", context)
