"""The people of an account: list, role, details, removal, leaving."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.forms import MemberForm, RoleForm
from accounts.keys.queries import keys_of
from accounts.members.change_role import change_role
from accounts.members.queries import members_of, open_invitations_of
from accounts.members.remove_member import remove_member
from accounts.members.update_member import update_member
from accounts.models import Membership, Role
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error

PAGE_SIZE = 50
DETAILS = ("title", "employment", "ends_on", "level")


@requires("members.manage")
@require_safe
def people(request: AccountRequest) -> HttpResponse:
    """Everybody who is in, by name, and who is invited."""
    text, role = request.GET.get("q", "").strip(), request.GET.get("role", "")
    found = members_of(request.account)
    if text:
        found = found.filter(
            Q(user__name__icontains=text) | Q(user__email__icontains=text) | Q(department__name__icontains=text)
        )
    if role in Role.values:
        found = found.filter(role=role)
    page = Paginator(found.order_by("user__name", "user__email", "pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "q": text,
        "role": role,
        "roles": Role.choices,
        "invitations": open_invitations_of(request.account),
    }
    return render(request, "accounts/people.html", context)


@requires("members.manage")
@require_safe
def person(request: AccountRequest, member_id: str) -> HttpResponse:
    """One person: role and details."""
    return _person_page(request, _find(request, member_id))


@requires("members.manage")
@require_POST
def set_role(request: AccountRequest, member_id: str) -> HttpResponse:
    """Give another role."""
    member = _find(request, member_id)
    form = RoleForm(request.POST, by=request.membership.role)
    if form.is_valid():
        try:
            change_role(
                account=request.account,
                membership=member,
                role=form.cleaned_data["role"],
                actor=actor_of(request),
                at=now(),
            )
        except PortalError as error:
            put_error(form, error)
            return _person_page(request, member, role_form=form, status=error.status)
        messages.success(request, _("The role of %(name)s is saved.") % {"name": member.user.get_full_name()})
        return redirect("accounts:people", request.account.slug)
    return _person_page(request, member, role_form=form, status=422)


@requires("members.manage")
@require_POST
def set_details(request: AccountRequest, member_id: str) -> HttpResponse:
    """Change title, department, region, employment."""
    member = _find(request, member_id)
    form = MemberForm(request.POST, account=request.account)
    if form.is_valid():
        try:
            update_member(
                account=request.account, membership=member, actor=actor_of(request), at=now(), **form.cleaned_data
            )
        except PortalError as error:
            put_error(form, error)
            return _person_page(request, member, details_form=form, status=error.status)
        messages.success(request, _("The details of %(name)s are saved.") % {"name": member.user.get_full_name()})
        return redirect("accounts:people", request.account.slug)
    return _person_page(request, member, details_form=form, status=422)


@requires("members.manage")
def remove(request: AccountRequest, member_id: str) -> HttpResponse:
    """Say what removal does; then do it."""
    return _end(request, _find(request, member_id))


@requires(None)
def leave(request: AccountRequest) -> HttpResponse:
    """The same for oneself."""
    return _end(request, request.membership)


def _end(request: AccountRequest, member: Membership) -> HttpResponse:
    oneself = member.pk == request.membership.pk
    error: PortalError | None = None
    if request.method == "POST":
        try:
            remove_member(account=request.account, membership=member, actor=actor_of(request), at=now())
        except PortalError as caught:
            error = caught
        else:
            if oneself:
                return redirect("accounts:my_accounts")
            messages.success(
                request, _("%(name)s is no longer in the account.") % {"name": member.user.get_full_name()}
            )
            return redirect("accounts:people", request.account.slug)
    context = {
        "member": member,
        "oneself": oneself,
        "error": error,
        "keys": keys_of(request.account).filter(created_by=member, revoked_at__isnull=True).count(),
    }
    return render(request, "accounts/remove.html", context, status=error.status if error else 200)


def _find(request: AccountRequest, member_id: str) -> Membership:
    return get_object_or_404(members_of(request.account), public_id=member_id)


def _person_page(
    request: AccountRequest,
    member: Membership,
    *,
    role_form: RoleForm | None = None,
    details_form: MemberForm | None = None,
    status: int = 200,
) -> HttpResponse:
    initial: dict[str, Any] = {name: getattr(member, name) for name in DETAILS}
    initial |= {name: getattr(getattr(member, name), "public_id", "") for name in ("department", "region")}
    initial["manager"] = member.manager.user.email if member.manager else ""
    context = {
        "member": member,
        "role_form": role_form or RoleForm(by=request.membership.role, initial={"role": member.role}),
        "details_form": details_form or MemberForm(account=request.account, initial=initial),
        "may_change_role": request.membership.role == Role.OWNER or member.role != Role.OWNER,
    }
    return render(request, "accounts/person.html", context, status=status)
