"""Keys of the vendor's own tools: each member of staff makes their own; its text is shown once."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.access.actor import actor_of
from accounts.admin.members import ActingAdmin
from accounts.keys.staff_keys import PERMISSIONS, issue_staff_key, may, revoke_staff_key
from accounts.models import StaffKey, User
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError

DAYS = (30, 90, 365)


class StaffKeyForm(forms.Form):
    """What a key is for, what it may, and until when."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("Which tool uses it."))
    permissions = forms.MultipleChoiceField(label=gettext_lazy("It may"), widget=forms.CheckboxSelectMultiple)
    days = forms.TypedChoiceField(label=gettext_lazy("Ends in"), coerce=int, initial=90)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["permissions"].choices = [  # type: ignore[attr-defined]
            (name, words) for name, words in PERMISSIONS.items() if may(user, name)
        ]
        self.fields["days"].choices = [  # type: ignore[attr-defined]
            (days, ngettext("%(days)d day", "%(days)d days", days) % {"days": days}) for days in DAYS
        ]


@admin.register(StaffKey)
class StaffKeyAdmin(ActingAdmin):
    """Staff keys; their hashes are not shown."""

    list_display = ("name", "prefix", "user", "last_used_at", "expires_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "last_used_at", "created_at")
    search_fields = ("name", "prefix", "user__email", "public_id")
    date_hierarchy = "created_at"
    list_select_related = ("user",)
    exclude = ("secret_hash",)
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever may issue keys, and has something to pass on."""
        user = request.user
        return (
            isinstance(user, User)
            and user.has_perm("accounts.add_staffkey")
            and any(may(user, one) for one in PERMISSIONS)
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A form, then the key's text, once."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        user = cast(User, request.user)
        form = StaffKeyForm(user, request.POST if request.method == "POST" else None)
        secret = ""
        if request.method == "POST" and form.is_valid():
            at = now()
            try:
                _key, secret = issue_staff_key(
                    user=user,
                    name=form.cleaned_data["name"],
                    permissions=form.cleaned_data["permissions"],
                    expires_at=at + timedelta(days=form.cleaned_data["days"]),
                    actor=actor_of(request, door="admin"),
                    at=at,
                )
            except PortalError as error:
                form.add_error(error.field, str(error))
        context = {
            **self.admin_site.each_context(request),
            "title": _("The key was made") if secret else _("Issue a staff key"),
            "opts": self.opts,
            "form": form,
            "secret": secret,
        }
        return TemplateResponse(request, "admin/staff_key.html", context, status=422 if form.errors else 200)

    @admin.action(description=gettext_lazy("Revoke"), permissions=["act"])
    def revoke(self, request: HttpRequest, rows: QuerySet[StaffKey]) -> None:
        """End them at once."""
        actor = actor_of(request, door="admin")
        self.each(request, rows, lambda row: revoke_staff_key(key=row, actor=actor, at=now()))
