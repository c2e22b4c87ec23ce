"""Forms of the account pages: what people type, before a verb judges it."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, cast
from zoneinfo import ZoneInfo, available_timezones

from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm
from allauth.core import context
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.access.actor import actor_of
from accounts.access.roles import CAPABILITIES, capabilities_of
from accounts.members.accept_invitation import accept_invitation
from accounts.members.open_account import open_account
from accounts.members.queries import members_of
from accounts.members.rules import may_grant
from accounts.models import Account, Department, Membership, Region, Role, User
from accounts.sign_in import SESSION_KEY, kept_invitation
from accounts.webhooks.catalog import KINDS
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError

INDUSTRIES: dict[str, str | Promise] = {
    "": _("Not said"),
    "software": _("Software"),
    "finance": _("Finance and insurance"),
    "health": _("Health"),
    "education": _("Education"),
    "retail": _("Retail"),
    "manufacturing": _("Manufacturing"),
    "media": _("Media"),
    "public": _("Public sector"),
    "services": _("Professional services"),
    "other": _("Other"),
}


class DayField(forms.DateField):
    """A day of our time: beyond these years Python and PostgreSQL can no longer compute with it."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    default_validators = [
        MinValueValidator(date(1970, 1, 1)),
        MaxValueValidator(date(2999, 12, 31)),
    ]


class SignUpForm(SignupForm):  # type: ignore[misc]  # allauth has no types
    """Name, organisation, address and password open an account; by invitation, name and password join one."""

    field_order = ("name", "organisation", "email", "password1")
    name = forms.CharField(label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    organisation = forms.CharField(
        label=_("Organisation"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = kept_invitation(context.request)
        if self.kept is not None:
            invitation, _token = self.kept
            del self.fields["organisation"]
            self.fields["name"].initial = invitation.name
            # Locked: the link has proved this address and no other. Disabled fields ignore what is posted.
            self.fields["email"].initial = invitation.email
            self.fields["email"].disabled = True

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Save; or answer as allauth does for a known address, or as the link does that has ended meanwhile."""
        try:
            found: tuple[User | None, HttpResponse | None] = super().try_save(request)
        except IntegrityError:
            # Two sign-ups with one address at once: user_email_once let the other one win.
            self.account_already_exists = True
            found = super().try_save(request)
        except PortalError:
            if self.kept is None:
                raise
            return None, redirect("accounts:accept_invitation", self.kept[1])
        return found

    def save(self, request: HttpRequest) -> User:
        """Save the user and open or join the account in one transaction: nobody is left without one."""
        with transaction.atomic():
            if self.kept is None:
                user: User = super().save(request)
                actor = actor_of(request, door="sign_up", user=user)
                open_account(name=self.cleaned_data["organisation"], user=user, at=now(), actor=actor)
                return user
            invitation, token = self.kept
            get_adapter().stash_verified_email(request, invitation.email)
            user = super().save(request)
            actor = actor_of(request, door="invitation", user=user)
            accept_invitation(token=token, user=user, at=now(), actor=actor)
        request.session.pop(SESSION_KEY, None)
        return user


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """A passkey signs in alone unless that is unticked; a key that cannot prove a person needs the tick away."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        alone = self.fields["passwordless"]
        alone.initial = True
        alone.label = _("Sign in with it alone")
        alone.help_text = _("Without a password. The device asks for your fingerprint, face or PIN instead.")


@cache
def time_zones() -> list[tuple[str, str]]:
    """Zones named for places, and UTC."""
    places = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
    return [("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in places)]


class ProfileForm(forms.Form):
    """One's own name and how pages look."""

    name = forms.CharField(label=_("Name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    locale = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(
        label=_("Time zone"), required=False, choices=lambda: [("", _("As the account")), *time_zones()]
    )
    theme = forms.ChoiceField(label=_("Appearance"), choices=User.Theme, widget=forms.RadioSelect)


class AccountForm(forms.Form):
    """An account's settings."""

    name = forms.CharField(label=_("Name of the account"), max_length=120)
    locale = forms.ChoiceField(
        label=_("Billing language"),
        choices=settings.LANGUAGES,
        help_text=_("The language of mails about money and invitations."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=time_zones, help_text=_("For everybody who has not chosen one.")
    )
    industry = forms.ChoiceField(label=_("Industry"), choices=INDUSTRIES, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = self.initial.get("industry", "")
        if kept not in INDUSTRIES:
            # Staff may write another one; saving the form must not lose it.
            cast(forms.ChoiceField, self.fields["industry"]).choices = [*INDUSTRIES.items(), (kept, kept)]


class OpenAccountForm(forms.Form):
    """A further account for somebody who has a sign-in."""

    name = forms.CharField(label=_("Name of the organisation"), max_length=120)


class RoleForm(forms.Form):
    """A role that the actor may give."""

    role = forms.ChoiceField(label=_("Role"), choices=Role)

    def __init__(self, *args: Any, by: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["role"])
        field.choices = [(value, label) for value, label in Role.choices if may_grant(by=by, role=value)]


class InviteForm(RoleForm):
    """An address and what the person is to be."""

    field_order = ("email", "name", "role", "department", "region")
    email = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    name = forms.CharField(label=_("Name"), max_length=150, required=False)
    department = forms.ModelChoiceField(Department.objects.none(), label=_("Department"), required=False)
    region = forms.ModelChoiceField(Region.objects.none(), label=_("Region"), required=False)

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].initial = Role.MEMBER
        _offer(self, "department", Department.objects.filter(account=account))
        _offer(self, "region", Region.objects.filter(account=account))


class MemberForm(forms.Form):
    """What the account notes about a person."""

    title = forms.CharField(label=_("Title"), max_length=80, required=False)
    department = forms.ModelChoiceField(Department.objects.none(), label=_("Department"), required=False)
    region = forms.ModelChoiceField(Region.objects.none(), label=_("Region"), required=False)
    employment = forms.ChoiceField(label=_("Employment"), choices=Membership.Employment)
    ends_on = DayField(label=_("Contract ends"), required=False)
    level = forms.ChoiceField(
        label=_("Level"),
        choices=Membership.Level,
        required=False,
        help_text=_("In the organisation; it changes nothing about what the person may do."),
    )
    manager = forms.CharField(
        label=_("Manager"),
        max_length=254,
        required=False,
        help_text=_("E-mail address of somebody in the account. Empty: nobody."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        _offer(self, "department", Department.objects.filter(account=account))
        _offer(self, "region", Region.objects.filter(account=account))

    def clean_manager(self) -> Membership | None:
        """The member of this address or id."""
        text = self.cleaned_data["manager"].strip().lower()
        if not text:
            return None
        found = members_of(self.account).filter(Q(user__email=text) | Q(public_id=text)).first()
        if found is None:
            raise forms.ValidationError(_("Nobody in the account has this address."))
        return found


class PlaceForm(forms.Form):
    """A department or region."""

    name = forms.CharField(label=_("Name"), max_length=80)


class RegionForm(PlaceForm):
    """A region, with what is noted for procurement there."""

    currency = forms.CharField(
        label=_("Currency"), max_length=3, required=False, help_text=_("Three letters, such as EUR.")
    )
    tax_entity = forms.CharField(
        label=_("Tax entity"), max_length=120, required=False, help_text=_("Which of your companies buys there.")
    )
    residency = forms.CharField(
        label=_("Data residency"),
        max_length=40,
        required=False,
        help_text=_("Where the data of these people has to stay, such as EU."),
    )


class KeyForm(forms.Form):
    """A new API key or OAuth client with some of the maker's capabilities."""

    KINDS = [
        ("api_key", _("An API key: one text, sent with each request")),
        ("oauth_client", _("An OAuth client: an id and a secret, exchanged for tokens of 15 minutes")),
    ]

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Who or what uses it, such as “HR synchronisation”.")
    )
    kind = forms.ChoiceField(
        label=_("What it shows"), choices=KINDS, initial="api_key", required=False, widget=forms.RadioSelect
    )
    scopes = forms.MultipleChoiceField(label=_("It may"), widget=forms.CheckboxSelectMultiple)
    ends_on = DayField(label=_("Last day"), required=False, help_text=_("Empty: until it is revoked."))

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = capabilities_of(membership.role)
        field = cast(forms.MultipleChoiceField, self.fields["scopes"])
        field.choices = [(name, meaning) for name, meaning in CAPABILITIES.items() if name in mine]
        self.zone = ZoneInfo(membership.account.time_zone)

    def expires_at(self) -> datetime | None:
        """The end of the last day in the account's time zone."""
        day: date | None = self.cleaned_data["ends_on"]
        return datetime.combine(day + timedelta(days=1), time.min, self.zone) if day else None


class RotateForm(forms.Form):
    """How long the old key works beside the new one."""

    OVERLAPS = [(0, _("It ends at once")), (1, _("1 hour")), (24, _("1 day")), (168, _("7 days"))]

    overlap_hours = forms.TypedChoiceField(
        label=_("The old key still works for"), choices=OVERLAPS, coerce=int, initial=24, widget=forms.RadioSelect
    )


class DirectoryForm(forms.Form):
    """A directory to connect."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("As people know it, such as “Okta”."))


class EndpointForm(forms.Form):
    """Where events go, and which."""

    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        widget=forms.URLInput,
        help_text=_("Begins with https:// and is reachable from the internet."),
    )
    description = forms.CharField(
        label=_("Description"), max_length=80, required=False, help_text=_("Such as “HR system”.")
    )
    events = forms.MultipleChoiceField(
        label=_("Events"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(kind, meaning.says) for kind, meaning in KINDS.items()],
        help_text=_("None chosen: all, also those that are still to come."),
    )


class TrailForm(forms.Form):
    """The audit trail's filters."""

    action = forms.ChoiceField(label=_("Action"), required=False)
    person = forms.CharField(label=_("Person or thing"), required=False, max_length=150)
    since = DayField(label=pgettext_lazy("day", "From"), required=False)
    until = DayField(label=pgettext_lazy("day", "To"), required=False)

    def __init__(self, *args: Any, actions: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["action"])
        field.choices = [("", pgettext_lazy("actions", "All")), *actions]

    def clean(self) -> dict[str, Any]:
        """The days must be in order."""
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", _("Choose a day that is not before the first one."))
        return cleaned


def _offer(form: forms.Form, name: str, rows: Any) -> None:
    field = cast("forms.ModelChoiceField[Any]", form.fields[name])
    field.queryset = rows
    field.to_field_name = "public_id"
