"""A file of usage events."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ImportForm(forms.Form):
    """What kind of file it is, its first line says."""

    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,  # the reading says that it is empty, in our words
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.ndjson,.jsonl,text/csv,application/x-ndjson"}),
        help_text=_("CSV with a first line that names the columns, or NDJSON with one event per line; up to 20 MB."),
    )
