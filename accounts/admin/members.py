"""Users, memberships, invitations."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from hijack.contrib.admin import HijackUserAdminMixin

from accounts.access.actor import actor_of
from accounts.audit.record_audit import record_audit
from accounts.members.change_role import change_role
from accounts.members.invitations import resend_invitation, revoke_invitation
from accounts.members.remove_member import remove_member
from accounts.models import Invitation, Membership, Role, User
from seatportal.kit.admin import ReadOnlyAdmin, ReadOnlyInline
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


class MembershipInline(ReadOnlyInline):
    """Where a user belongs."""

    model = Membership
    fields = readonly_fields = ("account", "role", "joined_at", "left_at")
    show_change_link = True


@admin.register(User)
class UserAdmin(HijackUserAdminMixin, admin.ModelAdmin):  # type: ignore[misc, type-arg]  # hijack has no types
    """Sign-ins. No password can be set here: people reset their own by mail. Rights are for superusers."""

    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "locale", "date_joined")
    search_fields = ("email", "name", "public_id")
    date_hierarchy = "date_joined"
    ordering = ("email",)
    filter_horizontal = ("groups", "user_permissions")
    fields = ("public_id", "email", "name", "locale", "time_zone", "is_active", *RIGHTS, "last_login", "date_joined")
    inlines = (MembershipInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """The address is the key of the sign-in; its owner changes it, with a check that it is theirs."""
        fixed = ("public_id", "email", "last_login", "date_joined")
        return fixed if request.user.is_superuser else (*fixed, *RIGHTS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People sign up; staff are made with the command createsuperuser."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """History names them. Take the tick from “may sign in” instead."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Keep it, and say in the trail what was changed."""
        super().save_model(request, obj, form, change)
        record_audit(
            account=None,
            actor=actor_of(request, door="admin"),
            action="user.changed",
            target=obj.public_id,
            summary=obj.email,
            fields=form.changed_data,
        )


class ActingAdmin(ReadOnlyAdmin):
    """Read-only but for actions, each of which calls one verb per row."""

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Who may change this kind of row."""
        return bool(request.user.has_perm(f"accounts.change_{self.opts.model_name}"))

    def each(self, request: HttpRequest, rows: QuerySet[Any], act: Callable[[Any], object]) -> None:
        """Do it to each row; a refusal is told and does not stop the others."""
        done = 0
        for row in rows:
            try:
                act(row)
                done += 1
            except PortalError as error:
                messages.error(request, f"{row}: {error}")
        if done:
            messages.success(request, ngettext("Done for %d row.", "Done for %d rows.", done) % done)


@admin.register(Membership)
class MembershipAdmin(ActingAdmin):
    """Who is in which account."""

    list_display = ("user", "account", "role", "department", "region", "employment", "level", "joined_at", "left_at")
    list_filter = ("role", "employment", "level", ("left_at", admin.EmptyFieldListFilter), "joined_at")
    search_fields = ("user__email", "user__name", "account__name", "public_id")
    date_hierarchy = "joined_at"
    list_select_related = ("user", "account", "department", "region")
    actions = ("make_owner", "remove")

    @admin.action(description=_("Make owner"), permissions=["act"])
    def make_owner(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        """For an account whose owner is gone."""
        actor = actor_of(request, door="admin")
        self.each(
            request,
            rows,
            lambda row: change_role(account=row.account, membership=row, role=Role.OWNER, actor=actor, at=now()),
        )

    @admin.action(description=_("Remove from the account"), permissions=["act"])
    def remove(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        """What the account's own page does."""
        actor = actor_of(request, door="admin")
        self.each(request, rows, lambda row: remove_member(account=row.account, membership=row, actor=actor, at=now()))


@admin.register(Invitation)
class InvitationAdmin(ActingAdmin):
    """Who is asked to join. The link's secrets are not shown."""

    list_display = ("email", "account", "role", "state", "invited_by", "created_at", "sent_at", "expires_at")
    list_filter = ("state", "role", ("sent_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("email", "name", "account__name", "public_id")
    date_hierarchy = "created_at"
    list_select_related = ("account", "invited_by__user", "invited_by__account")
    exclude = ("token_hash", "nonce")
    actions = ("resend", "withdraw")

    @admin.action(description=_("Send again"), permissions=["act"])
    def resend(self, request: HttpRequest, rows: QuerySet[Invitation]) -> None:
        """A fresh link."""
        actor = actor_of(request, door="admin")
        self.each(
            request, rows, lambda row: resend_invitation(account=row.account, invitation=row, actor=actor, at=now())
        )

    @admin.action(description=_("Withdraw"), permissions=["act"])
    def withdraw(self, request: HttpRequest, rows: QuerySet[Invitation]) -> None:
        """The link ends."""
        actor = actor_of(request, door="admin")
        self.each(
            request, rows, lambda row: revoke_invitation(account=row.account, invitation=row, actor=actor, at=now())
        )
