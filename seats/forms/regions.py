"""The form of seats set aside for regions: one number for each region of the account."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from seats.capacity.split_seats import MOST


class SplitForm(forms.Form):
    """A number or nothing for each region; the field's name is the region's id."""

    def __init__(self, *args: Any, regions: Iterable[Region], seats: Mapping[int, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.regions = list(regions)
        for region in self.regions:
            self.fields[region.public_id] = forms.IntegerField(
                label=_("Seats for %(region)s") % {"region": region.name},
                min_value=1,
                max_value=MOST,
                required=False,
                initial=seats.get(region.pk),
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )
        self.fields["reason"] = forms.CharField(
            label=_("Reason"), max_length=200, required=False, help_text=_("It stands in the audit trail.")
        )

    def split(self) -> dict[Region, int]:
        """Regions that are to have a pool, with its number. The form is valid."""
        return {
            region: self.cleaned_data[region.public_id]
            for region in self.regions
            if self.cleaned_data[region.public_id] is not None
        }
