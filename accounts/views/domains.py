"""Domains: add, show what to publish, check, remove."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.models import MailDomain
from accounts.sso.domains import add_domain, challenge_of, check_domain, proof_of, remove_domain
from accounts.sso.queries import domains_of
from accounts.sso.rules import GRACE
from accounts.sso_forms import DomainForm
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error


@requires("account.manage")
def add(request: AccountRequest) -> HttpResponse:
    """Write one down."""
    form = DomainForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            domain = add_domain(
                account=request.account,
                name=form.cleaned_data["name"],
                membership=request.membership,
                actor=actor_of(request),
                at=now(),
            )
        except PortalError as error:
            put_error(form, error)
        else:
            return redirect("accounts:domain", request.account.slug, domain.public_id)
    return render(request, "accounts/domain_new.html", {"form": form}, status=422 if form.errors else 200)


@requires("account.manage")
@require_safe
def domain(request: AccountRequest, domain_id: str) -> HttpResponse:
    """What to publish, and what the last look found."""
    row = _find(request, domain_id)
    context = {
        "domain": row,
        "record": challenge_of(row),
        "value": proof_of(row),
        "until": row.lost_since + GRACE if row.lost_since else None,
    }
    return render(request, "accounts/domain.html", context)


@requires("account.manage")
@require_POST
def check(request: AccountRequest, domain_id: str) -> HttpResponse:
    """Look in DNS now."""
    row = _find(request, domain_id)
    try:
        check_domain(domain=row, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(domain)s is proved: it is yours.") % {"domain": row.name})
    return redirect("accounts:domain", request.account.slug, row.public_id)


@requires("account.manage")
def remove(request: AccountRequest, domain_id: str) -> HttpResponse:
    """Ask, then let it go."""
    row = _find(request, domain_id)
    if request.method == "POST":
        remove_domain(account=request.account, domain=row, actor=actor_of(request), at=now())
        messages.success(request, _("%(domain)s is removed.") % {"domain": row.name})
        return redirect("accounts:sign_in_settings", request.account.slug)
    return render(request, "accounts/domain_remove.html", {"domain": row})


def _find(request: AccountRequest, domain_id: str) -> MailDomain:
    return get_object_or_404(domains_of(request.account), public_id=domain_id)
