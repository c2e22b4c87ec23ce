"""Files of usage events and of people."""

from typing import Any

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


class PeopleForm(forms.Form):
    """A file, or its text."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        allow_empty_file=True,  # the reading says that it is empty, in our words
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        help_text=_("CSV with a first line that names the columns; up to 5,000 people."),
    )
    text = forms.CharField(
        label=_("Or paste the table"),
        required=False,
        max_length=2_000_000,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
        help_text=_("Copied from a spreadsheet, with the line that names the columns."),
    )

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        cleaned = super().clean() or {}
        if not self.errors and cleaned.get("file") is None and not (cleaned.get("text") or "").strip():
            self.add_error("file", _("Choose a file, or paste a table."))
        return cleaned
