"""Invite, send again, withdraw; and the page that an invitation's link opens."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, public, requires
from accounts.errors import InvitationGone
from accounts.forms import InviteForm
from accounts.members.accept_invitation import accept_invitation, owns_address
from accounts.members.details import Details
from accounts.members.invitations import invite_member, open_by_token, resend_invitation, revoke_invitation
from accounts.members.queries import open_invitations_of
from accounts.models import Invitation, User
from accounts.sign_in import keep_invitation
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error


@requires("members.manage")
def invite(request: AccountRequest) -> HttpResponse:
    """Ask somebody in."""
    form = InviteForm(request.POST or None, account=request.account, by=request.membership.role)
    if request.method == "POST" and form.is_valid():
        details = Details(region=form.cleaned_data.pop("region"))
        try:
            invitation, created = invite_member(
                account=request.account, details=details, actor=actor_of(request), at=now(), **form.cleaned_data
            )
        except PortalError as error:
            put_error(form, error)
        else:
            text = (
                _("%(email)s is invited.") if created else _("%(email)s was invited before. No second mail was sent.")
            )
            messages.success(request, text % {"email": invitation.email})
            return redirect("accounts:people", request.account.slug)
    return render(request, "accounts/invite.html", {"form": form}, status=422 if form.errors else 200)


@requires("members.manage")
@require_POST
def resend(request: AccountRequest, invitation_id: str) -> HttpResponse:
    """Send a fresh link."""
    invitation = _find(request, invitation_id)
    try:
        resend_invitation(account=request.account, invitation=invitation, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("A new link is on its way to %(email)s.") % {"email": invitation.email})
    return redirect("accounts:people", request.account.slug)


@requires("members.manage")
@require_POST
def revoke(request: AccountRequest, invitation_id: str) -> HttpResponse:
    """Withdraw it."""
    invitation = _find(request, invitation_id)
    try:
        revoke_invitation(account=request.account, invitation=invitation, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The invitation of %(email)s is withdrawn.") % {"email": invitation.email})
    return redirect("accounts:people", request.account.slug)


@public
@never_cache
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """What the link opens: join, sign in first, sign up first, or why it cannot be."""
    invitation = open_by_token(token, at=now())
    if invitation is None:
        return render(request, "accounts/invitation_gone.html", {"text": InvitationGone.message}, status=410)
    if not request.user.is_authenticated:
        if request.method == "POST":
            keep_invitation(request, token)
            return redirect("account_signup")
        has_user = User.objects.filter(email=invitation.email).exists()
        return _page(request, invitation, state="sign_in" if has_user else "sign_up")
    user = request.user
    if not owns_address(user, invitation.email):
        return _page(request, invitation, state="elsewhere", status=403 if request.method == "POST" else 200)
    if request.method != "POST":
        return _page(request, invitation, state="join")
    try:
        accept_invitation(token=token, user=user, at=now(), actor=actor_of(request, door="invitation"))
    except PortalError as error:
        return _page(request, invitation, state="refused", error=str(error), status=error.status)
    return redirect(f"/?account={invitation.account.slug}")


def _page(
    request: HttpRequest, invitation: Invitation, *, state: str, error: str = "", status: int = 200
) -> HttpResponse:
    context = {"invitation": invitation, "state": state, "error": error, "here": request.path}
    return render(request, "accounts/accept_invitation.html", context, status=status)


def _find(request: AccountRequest, invitation_id: str) -> Invitation:
    return get_object_or_404(open_invitations_of(request.account), public_id=invitation_id)
