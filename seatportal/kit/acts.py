"""Acts of staff on one row: a button, a page that shows the row and asks why, one verb."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seatportal.kit.admin import ReadOnlyAdmin
from seatportal.kit.errors import PortalError


@dataclass(frozen=True)
class Act:
    """One thing that may be done to a row.

    name: its part of the address. label: the button, for a row. run: (request, row, reason) → what happened, in words;
    raises PortalError. offered: for which rows. explain: one sentence on what it does.
    """

    name: str
    label: Callable[[Any], str | Promise]
    run: Callable[[HttpRequest, Any, str], str | Promise]
    offered: Callable[[Any], bool]
    explain: str | Promise = ""


class ReasonForm(forms.Form):
    """Why. Kept in the audit trail."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        help_text=gettext_lazy("Kept in the audit trail."),
        widget=forms.TextInput,
    )


class ActingAdmin(ReadOnlyAdmin):
    """Rows to look at, with acts for those who may change them."""

    acts: tuple[Act, ...] = ()
    change_form_template = "admin/acting.html"

    def get_urls(self) -> list[URLPattern]:
        """One more address for each row and act."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_act"
        own = path("<path:object_id>/act/<slug:act>/", self.admin_site.admin_view(self.act_view), name=name)
        return [own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The row with its buttons."""
        row = self.get_object(request, object_id)
        found = (
            [act for act in self.acts if row is not None and act.offered(row)]
            if self.has_act_permission(request)
            else []
        )
        buttons = [(act.label(row), self._url(object_id, act)) for act in found]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "acts": buttons})

    def act_view(self, request: HttpRequest, object_id: str, act: str) -> HttpResponse:
        """Ask why, then do it."""
        row = self.get_object(request, object_id)
        chosen = next((a for a in self.acts if a.name == act), None)
        if row is None or chosen is None or not self.has_view_permission(request, row):
            raise Http404
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
        if not self.has_act_permission(request):
            self.message_user(request, _("You may look at this, but not change it."), messages.ERROR)
            return redirect(back)
        if not chosen.offered(row):
            self.message_user(request, _("That is not possible any more."), messages.WARNING)
            return redirect(back)
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                done = chosen.run(request, row, form.cleaned_data["reason"])
            except PortalError as error:
                form.add_error(None, str(error))
            else:
                self.message_user(request, str(done), messages.SUCCESS)
                return redirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": chosen.label(row),
            "explain": chosen.explain,
            "form": form,
            "original": row,
            "opts": self.opts,
            "back": back,
        }
        return TemplateResponse(request, "admin/act.html", context, status=409 if form.non_field_errors() else 200)

    def _url(self, object_id: str, act: Act) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_act", args=[object_id, act.name])
