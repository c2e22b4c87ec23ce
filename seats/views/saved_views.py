"""Columns of the seats table and saved views of it: each person's own. Plain forms, which work without a script."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access.pages import AccountRequest, requires
from seats.errors import ViewRefused
from seats.insight.people import Choice
from seats.insight.saved_views import choose_columns, delete_view, save_view
from seats.models import SavedView
from seats.views.common import page_link
from seats.views.seat_list import choice_of, query_of


@requires("seats.view")
@require_POST
def list_columns(request: AccountRequest) -> HttpResponse:
    """Use these columns from now on; the filter, the search and the order stay."""
    choose_columns(account=request.account, membership=request.membership, columns=request.POST.getlist("column")[:50])
    return redirect(_list(request, choice_of(request.POST)))


@requires("seats.view")
@require_POST
def save_list_view(request: AccountRequest) -> HttpResponse:
    """Keep what the table shows under a name."""
    choice = choice_of(request.POST)
    try:
        view = save_view(
            account=request.account,
            membership=request.membership,
            name=request.POST.get("name", "")[:200],
            choice=choice,
            columns=request.POST.getlist("column")[:50],
        )
    except ViewRefused as error:
        context = {"title": _("The view was not saved"), "text": str(error), "back": _list(request, choice)}
        return render(request, "seats/refused.html", context, status=error.status)
    messages.success(request, _("The view “%(name)s” is saved.") % {"name": view.name})
    return redirect(_list(request, choice, view))


@requires("seats.view")
@require_POST
def delete_list_view(request: AccountRequest, view_id: str) -> HttpResponse:
    """Forget a view; the table stays as it is."""
    if not delete_view(account=request.account, membership=request.membership, view_id=view_id):
        raise Http404
    messages.success(request, _("The view is deleted."))
    return redirect(_list(request, choice_of(request.POST)))


def _list(request: AccountRequest, choice: Choice, view: SavedView | None = None) -> str:
    query, url = query_of(choice, view), page_link(request, "list")
    return f"{url}?{query}" if query else url
