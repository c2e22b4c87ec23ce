"""What the reclaim wizard posts, before the verb judges it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from seats.reclaim.reclaim_seats import Then


class ReclaimForm(forms.Form):
    """What becomes of the freed seats. expected: the number that was shown beside the choice."""

    then = forms.ChoiceField(
        label=_("What happens to the freed seats"), choices=[(then, then.value) for then in Then], required=False
    )
    expected_give = forms.IntegerField(required=False, min_value=1, max_value=10**6)
    expected_reduce = forms.IntegerField(required=False, min_value=1, max_value=10**6)
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False, help_text=_("It stands in the ledger."))

    def choice(self) -> tuple[Then, int | None]:
        """The choice and its number. Call it after is_valid()."""
        then = Then(self.cleaned_data["then"] or Then.KEEP)
        return then, self.cleaned_data.get(f"expected_{then}")
