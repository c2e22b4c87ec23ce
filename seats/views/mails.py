"""Which regular mails somebody gets: chosen on a page, or stopped by the link in each of them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from accounts.access.pages import AccountRequest, public, requires
from seatportal.kit.clock import now
from seats.forms.mails import MailsForm
from seats.models import MailChoice
from seats.value.mails import choices_of, choose_mails, read_token


@requires("usage.view")
def mails(request: AccountRequest) -> HttpResponse:
    """Show and change one's own."""
    member = request.membership
    form: forms.Form = MailsForm(request.POST if request.method == "POST" else None, initial=choices_of(member))
    if form.is_bound and form.is_valid():
        choose_mails(membership=member, at=now(), **form.cleaned_data)
        messages.success(request, _("Your choice of mails is saved."))
        return redirect("seats:mails", request.account.slug)
    return render(request, "seats/mails.html", {"form": form}, status=422 if form.is_bound else 200)


# Mail programs post without a cookie of ours (RFC 8058). The token is what proves the reader, and all that it can do
# is to stop a mail.
@public
@csrf_exempt
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, since programs open links too; by POST stop that mail for its reader."""
    found = read_token(token)
    if found is None:
        raise Http404
    member, kind = found
    context: dict[str, Any] = {"of": member.account, "name": MailChoice.Kind(kind).label, "done": False}
    if request.method == "POST":
        choose_mails(membership=member, at=now(), **{kind: False})
        context["done"] = True
    with translation.override(member.user.locale):
        return render(request, "seats/mail_stop.html", context)
