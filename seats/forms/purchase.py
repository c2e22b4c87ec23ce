"""What may be said along with a purchase: who gets the seats, and why."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.members.queries import members_of, places_of
from accounts.models import Account, Department, Membership
from seats.models import Assignment, WaitingPerson

# People offered with a tick; everybody else is named by address.
SUGGESTED = 8


class PurchaseForm(forms.Form):
    """Members to tick, addresses to type, a note for the ledger. `room`: bought and free seats together."""

    people = forms.MultipleChoiceField(
        label=gettext_lazy("People without a seat"), required=False, widget=forms.CheckboxSelectMultiple
    )
    emails = forms.CharField(
        label=gettext_lazy("E-mail addresses"),
        required=False,
        help_text=gettext_lazy("One a line. Whoever is not a member yet is invited, with the seat held for them."),
        widget=forms.Textarea(attrs={"rows": 3, "form": "pay", "spellcheck": "false", "autocomplete": "off"}),
    )
    new_department = forms.ChoiceField(
        label=gettext_lazy("Department of new people"),
        required=False,
        help_text=gettext_lazy("Of those who are invited. Their seats count for its budget."),
        widget=forms.Select(attrs={"form": "pay"}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Order number or reason"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Kept in the ledger with this purchase."),
        widget=forms.Textarea(attrs={"rows": 1, "form": "pay"}),
    )

    po_number = forms.CharField(
        label=gettext_lazy("Purchase order number"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("Printed on the invoice."),
        widget=forms.TextInput(attrs={"form": "pay", "autocomplete": "off"}),
    )

    def __init__(
        self, *args: Any, account: Account, room: int, may_assign: bool, on_credit: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if not on_credit:
            self.fields["po_number"].help_text = _("Printed on the order’s document.")
        self.account, self.room = account, room
        self.members: list[Membership] = []
        self.addresses: list[str] = []
        if not may_assign:
            del self.fields["people"], self.fields["emails"], self.fields["new_department"]
            return
        self._departments = {place.public_id: place for place in places_of(account, "department").order_by("name")}
        places = self.fields["new_department"]
        if isinstance(places, forms.ChoiceField):
            places.choices = [("", _("None")), *((key, str(place)) for key, place in self._departments.items())]
        if not self._departments:
            del self.fields["new_department"]
        offered = suggested(account)
        people = self.fields["people"]
        people.widget.attrs["form"] = "pay"
        if isinstance(people, forms.MultipleChoiceField):
            people.choices = [(m.public_id, f"{m.user.get_full_name()} ({m.user.email})") for m in offered]
        self._offered = {m.public_id: m for m in offered}
        if not offered:
            del self.fields["people"]

    @property
    def department(self) -> Department | None:
        """Of those who are invited."""
        data = getattr(self, "cleaned_data", {})
        return self._departments.get(data.get("new_department", "")) if "new_department" in data else None

    def clean_emails(self) -> str:
        """Sort the addresses into members and people to invite; refuse what is no address or sits already."""
        text: str = self.cleaned_data["emails"]
        found = list(dict.fromkeys(part.lower() for part in text.replace(",", " ").replace(";", " ").split()))
        wrong = [address for address in found if not _is_address(address)]
        if wrong:
            raise ValidationError(_("Not an e-mail address: %(list)s") % {"list": ", ".join(wrong)})
        known = {m.user.email.lower(): m for m in members_of(self.account).filter(user__email__in=found)}
        seated = set(
            Assignment.objects.filter(
                account=self.account, ended_at__isnull=True, membership__in=known.values()
            ).values_list("membership_id", flat=True)
        )
        sitting = [address for address, member in known.items() if member.pk in seated]
        if sitting:
            raise ValidationError(
                ngettext("%(list)s has a seat already.", "%(list)s have seats already.", len(sitting))
                % {"list": ", ".join(sitting)}
            )
        self.members = list(known.values())
        self.addresses = [address for address in found if address not in known]
        return text

    def clean(self) -> dict[str, Any]:
        """At most as many people as there will be seats."""
        data = super().clean() or {}
        ticked = [self._offered[public_id] for public_id in data.get("people", [])]
        self.members = list({m.pk: m for m in [*ticked, *self.members]}.values())
        count = len(self.members) + len(self.addresses)
        if count > self.room:
            field = "emails" if self.addresses or "people" not in self.fields else "people"
            self.add_error(
                field,
                ngettext(
                    "You named %(count)d people, but there will be %(room)d seat to give.",
                    "You named %(count)d people, but there will be %(room)d seats to give.",
                    self.room,
                )
                % {"count": count, "room": self.room},
            )
        return data


class OrderNumberForm(forms.Form):
    """The customer's own number of an order, where nothing else is asked."""

    po_number = forms.CharField(
        label=gettext_lazy("Purchase order number"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("Empty: the one agreed in your terms."),
        widget=forms.TextInput(attrs={"form": "pay", "autocomplete": "off"}),
    )


def suggested(account: Account) -> list[Membership]:
    """Members without a seat, those who wait first, then the most recently active."""
    waiting = list(
        WaitingPerson.objects.filter(
            account=account, membership__isnull=False, served_at__isnull=True, withdrawn_at__isnull=True
        )
        .order_by("pk")
        .values_list("membership_id", flat=True)[:SUGGESTED]
    )
    seated = Assignment.objects.filter(account=account, ended_at__isnull=True, membership__isnull=False)
    free = members_of(account).exclude(pk__in=seated.values("membership_id"))
    first = {m.pk: m for m in free.filter(pk__in=waiting)}
    ordered = [first[pk] for pk in waiting if pk in first]
    rest = free.exclude(pk__in=first).order_by(F("last_active_at").desc(nulls_last=True), "user__name", "pk")
    return [*ordered, *rest[: SUGGESTED - len(ordered)]]


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
