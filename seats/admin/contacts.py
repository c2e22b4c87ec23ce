"""The stakeholder map, the account team, and how the team hears."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import actor_of
from accounts.models import Account, Membership, User
from seatportal.kit.acts import Act, ActingAdmin
from seatportal.kit.clock import now
from seats.growth.contacts import assign_manager, name_contact, take_off_contact
from seats.growth.endpoints import save_endpoint
from seats.models import AccountManager, AlertEndpoint, AlertPreference, Contact


def _take_off(request: HttpRequest, contact: Contact, reason: str) -> str:
    take_off_contact(contact=contact, actor=actor_of(request, door="admin"), at=now(), reason=reason)
    return str(_("Taken off the map."))


class ContactForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in the stubs
    """A member of the account, or a name."""

    class Meta:
        model = Contact
        fields = ("account", "membership", "name", "email", "role", "influence", "last_contact_on", "note")

    def clean(self) -> dict[str, Any]:
        """The member must be the account's."""
        values: dict[str, Any] = super().clean() or {}
        member: Membership | None = values.get("membership")
        if member is not None and values.get("account") and member.account_id != values["account"].pk:
            self.add_error("membership", _("This member belongs to another account."))
        return values


@admin.register(Contact)
class ContactAdmin(ActingAdmin):
    """Who influences and who approves. Added here, and taken off with a reason."""

    form = ContactForm
    list_display = ("account", "name", "role", "influence", "last_contact_on", "ended_at")
    list_filter = ("role", "influence", ("ended_at", admin.EmptyFieldListFilter))
    search_fields = ("account__name", "account__slug", "name", "email")
    list_select_related = ("account",)
    autocomplete_fields = ("account", "membership")
    acts = (
        Act(
            name="take-off",
            label=lambda contact: _("Take off the map"),
            run=_take_off,
            offered=lambda contact: contact.ended_at is None,
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who may change contacts may add them."""
        return bool(request.user.has_perm("seats.add_contact"))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """A name may be left out where a member is chosen."""
        form = super().get_form(request, obj, change, **kwargs)
        if "name" in form.base_fields:
            form.base_fields["name"].required = False
        return form

    def save_model(self, request: HttpRequest, obj: Contact, form: Any, change: bool) -> None:
        """Through the verb."""
        values = form.cleaned_data
        saved = name_contact(**values, actor=actor_of(request, door="admin"))
        obj.pk = saved.pk
        obj.public_id = saved.public_id


class ManagerForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in the stubs
    """Only staff look after accounts."""

    class Meta:
        model = AccountManager
        fields = ("account", "user", "leads")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "user" in self.fields:
            self.fields["user"].queryset = User.objects.filter(is_staff=True, is_active=True)  # type: ignore[attr-defined]


@admin.register(AccountManager)
class AccountManagerAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """Who looks after which account: gets its alerts, and as its lead its tasks."""

    form = ManagerForm
    list_display = ("account", "user", "leads")
    list_filter = ("leads", ("user", admin.RelatedOnlyFieldListFilter))
    search_fields = ("account__name", "account__slug", "user__email")
    list_select_related = ("account", "user")
    autocomplete_fields = ("account",)

    def save_model(self, request: HttpRequest, obj: AccountManager, form: Any, change: bool) -> None:
        """Through the verb."""
        account: Account = form.cleaned_data["account"]
        actor = actor_of(request, door="admin")
        saved = assign_manager(
            account=account, user=form.cleaned_data["user"], leads=form.cleaned_data["leads"], actor=actor
        )
        obj.pk = saved.pk


@admin.register(AlertPreference)
class AlertPreferenceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """How each member of staff hears alerts."""

    list_display = ("user", "mail", "scope", "in_app")
    list_filter = ("mail", "scope", "in_app")
    search_fields = ("user__email", "user__name")
    list_select_related = ("user",)
    autocomplete_fields = ("user",)


@admin.register(AlertEndpoint)
class AlertEndpointAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """Where alerts go besides people: only https, no redirects. A webhook's secret is shown once."""

    list_display = ("name", "channel", "url", "active")
    list_filter = ("channel", "active")
    search_fields = ("name", "url", "public_id")
    fields = ("name", "channel", "url", "active")

    def save_model(self, request: HttpRequest, obj: AlertEndpoint, form: Any, change: bool) -> None:
        """Through the verb."""
        secret = save_endpoint(endpoint=obj, actor=actor_of(request, door="admin"))
        if secret:
            words = _("The secret that signs its messages, shown only now: %(secret)s")
            self.message_user(request, words % {"secret": secret}, "WARNING")
