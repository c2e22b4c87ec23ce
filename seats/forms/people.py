"""Forms that name people: what is typed, before a verb judges it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.members.queries import members_of, open_invitations_of
from accounts.models import Account, Department, Invitation, Membership, Region
from seats.errors import PersonUnknown

# The list that a browser offers while one types; the page puts it below the field.
WITH_LIST = {"list": "people-list", "autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


def find_member(account: Account, text: str) -> Membership | None:
    """The member of this address, public id, or whole name when only one has it."""
    wanted = text.strip()
    if not wanted or "\x00" in wanted:
        return None
    people = members_of(account)
    found = people.filter(user__email=wanted.lower()).first() or people.filter(public_id=wanted).first()
    if found is not None:
        return found
    namesakes = list(people.filter(user__name__iexact=wanted)[:2])
    return namesakes[0] if len(namesakes) == 1 else None


class AssignForm(forms.Form):
    """Whom to give a seat: a member, or an address to invite."""

    person = forms.CharField(
        label=_("Name or e-mail address"),
        max_length=254,
        widget=forms.TextInput(attrs=WITH_LIST),
        help_text=_("Somebody who is not in the account yet is invited, and a seat is held for them."),
    )
    name = forms.CharField(
        label=_("Name of a new person"), max_length=150, required=False, help_text=_("Only for an invitation.")
    )
    department = forms.ModelChoiceField(
        label=_("Department of a new person"), queryset=Department.objects.none(), required=False, empty_label="–"
    )
    region = forms.ModelChoiceField(
        label=_("Region of a new person"), queryset=Region.objects.none(), required=False, empty_label="–"
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, places in (("department", Department.objects), ("region", Region.objects)):
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = places.filter(account=account)


class ReassignForm(forms.Form):
    """Who receives a seat."""

    to = forms.CharField(
        label=_("Name or e-mail address"),
        max_length=254,
        widget=forms.TextInput(attrs=WITH_LIST),
        help_text=_("A member without a seat."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account

    def clean_to(self) -> Membership:
        """The member who is meant."""
        found = find_member(self.account, self.cleaned_data["to"])
        if found is None:
            raise forms.ValidationError(PersonUnknown.message)
        return found


class ReasonForm(forms.Form):
    """An optional reason for the ledger."""

    reason = forms.CharField(label=_("Reason"), max_length=200, required=False, help_text=_("It stands in the ledger."))


class BulkForm(forms.Form):
    """Rows chosen in the table, people and invitations, and what to do with them."""

    ACTIONS = [
        ("assign", _("Give seats")),
        ("reassign", _("Reassign seats")),
        ("release", _("Release seats")),
        ("department", _("Change department")),
        ("region", _("Change region")),
        ("resend", _("Send invitations again")),
        ("withdraw", _("Withdraw invitations")),
    ]

    action = forms.ChoiceField(choices=ACTIONS)
    person = forms.ModelMultipleChoiceField(
        queryset=Membership.objects.none(), to_field_name="public_id", required=False
    )
    invitation = forms.ModelMultipleChoiceField(
        queryset=Invitation.objects.none(), to_field_name="public_id", required=False
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = self.fields["person"]
        if isinstance(people, forms.ModelMultipleChoiceField):
            people.queryset = members_of(account).order_by("user__name", "user__email", "pk")
        invitations = self.fields["invitation"]
        if isinstance(invitations, forms.ModelMultipleChoiceField):
            invitations.queryset = open_invitations_of(account).order_by("email")

    def clean(self) -> dict[str, Any]:
        """At least one row."""
        cleaned = super().clean() or {}
        if not self.errors and not (cleaned["person"] or cleaned["invitation"]):
            raise forms.ValidationError(_("Choose people in the table first."))
        return cleaned


class HandoverForm(forms.Form):
    """For each seat that is to move, who receives it; `to_` and the holder's id name a field."""

    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, *args: Any, account: Account, leavers: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account, self.leavers = account, leavers
        for leaver in leavers:
            self.fields[f"to_{leaver.public_id}"] = forms.CharField(
                label=_("Receives the seat of %(name)s") % {"name": leaver.user.get_full_name()},
                max_length=254,
                widget=forms.TextInput(attrs=WITH_LIST),
            )

    def clean(self) -> dict[str, Any]:
        """The members who are meant, each once."""
        cleaned = super().clean() or {}
        seen: set[int] = set()
        for leaver in self.leavers:
            name = f"to_{leaver.public_id}"
            if name not in cleaned:
                continue
            found = find_member(self.account, cleaned[name])
            if found is None:
                self.add_error(name, PersonUnknown.message)
            elif found.pk in seen:
                self.add_error(name, _("This person is named twice."))
            else:
                seen.add(found.pk)
                cleaned[name] = found
        return cleaned

    @property
    def receivers(self) -> list[Membership]:
        """In the order of the leavers."""
        return [self.cleaned_data[f"to_{leaver.public_id}"] for leaver in self.leavers]


class MoveForm(forms.Form):
    """The department that chosen people are to belong to."""

    department = forms.ModelChoiceField(
        Department.objects.none(), label=_("Department"), required=False, to_field_name="public_id", empty_label="–"
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departments = self.fields["department"]
        if isinstance(departments, forms.ModelChoiceField):
            departments.queryset = Department.objects.filter(account=account)


class RegionForm(forms.Form):
    """The region that chosen people are to belong to; each with the seats that are free there."""

    region = forms.ModelChoiceField(
        Region.objects.none(), label=_("Region"), required=False, to_field_name="public_id", empty_label="–"
    )

    def __init__(self, *args: Any, account: Account, free: Mapping[int, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = self.fields["region"]
        if isinstance(regions, forms.ModelChoiceField):
            regions.queryset = Region.objects.filter(account=account).order_by("name")
            regions.label_from_instance = lambda region: _label(region, free.get(region.pk))  # type: ignore[method-assign, assignment]


def _label(region: Region, free: int | None) -> str:
    if free is None:
        return region.name
    return ngettext("%(region)s (%(count)d seat free)", "%(region)s (%(count)d seats free)", free) % {
        "region": region.name,
        "count": free,
    }
