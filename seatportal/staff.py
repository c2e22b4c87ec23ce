"""The staff site: Django admin for the vendor's own people, behind a second factor."""

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.html import strip_tags
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import actor_of
from accounts.audit.record_audit import record_audit
from seatportal.kit.admin import NEEDS, TODAY, Amount
from seatportal.kit.tables import csv_response


@admin.action(description=_("Download as CSV"), permissions=["view"])
def export_csv(
    modeladmin: "admin.ModelAdmin[Model]", request: HttpRequest, rows: QuerySet[Model]
) -> StreamingHttpResponse:
    """The chosen rows with the list's own columns. Whoever may see a list may take it away; the trail says who did."""
    columns = [name for name in modeladmin.get_list_display(request) if isinstance(name, str | Amount)]
    record_audit(
        account=None,
        actor=actor_of(request, door="admin"),
        action="list.exported",
        target=modeladmin.opts.label_lower,
        summary=f"{rows.count()}",
    )
    head = [label_for_field(name, modeladmin.model, modeladmin) for name in columns]
    table = ([_cell(name, row, modeladmin) for name in columns] for row in rows.iterator(chunk_size=500))
    return csv_response(modeladmin.opts.model_name or "rows", head, table)


def _cell(name: str | Amount, row: Model, modeladmin: "admin.ModelAdmin[Model]") -> object:
    """What the list shows, without markup; numbers stay numbers."""
    if isinstance(name, Amount):
        return name.decimal(row)
    field, _attribute, value = lookup_field(name, row, modeladmin)
    if field is not None and getattr(field, "choices", None):
        value = getattr(row, f"get_{field.name}_display")()
    return value if value is None or isinstance(value, int) else strip_tags(str(value))


class StaffSite(admin.AdminSite):
    """Who may enter: active staff, with a second factor unless the settings say otherwise (the demo)."""

    site_header = _("Seat Portal staff")
    site_title = _("Seat Portal staff")
    index_title = _("Today")
    site_url = "/"
    enable_nav_sidebar = True
    index_template = "admin/today.html"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.add_action(export_csv, "export_csv")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """One page of our own among the lists."""
        return [path("money/", self.admin_view(self.money), name="money"), *super().get_urls()]

    def money(self, request: HttpRequest) -> HttpResponse:
        """What about money waits for somebody: counts, since when, and the list behind each."""
        needs = [need for source in NEEDS for need in source()]
        context = {**self.each_context(request), "title": _("Money: needs someone"), "needs": needs}
        return TemplateResponse(request, "admin/money.html", context)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """All lists, and first the figures of all accounts and how much waits."""
        needs = [need for source in NEEDS for need in source()]
        counts = {"grave": sum(n.count for n in needs if n.grave), "other": sum(n.count for n in needs if not n.grave)}
        figures = {name: value for source in TODAY for name, value in source(request).items()}
        return super().index(request, {**(extra_context or {}), **counts, **figures})

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff who may enter now. While impersonating, the person seen is not staff, so neither are you."""
        user = request.user
        if isinstance(user, AnonymousUser) or not (user.is_active and user.is_staff):
            return False
        return not settings.STAFF_NEED_MFA or is_mfa_enabled(user)

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """Use the product's own sign-in, so that its rate limits and second factors hold here too."""
        user = request.user
        if user.is_authenticated and user.is_active and getattr(user, "is_staff", False):
            if self.has_permission(request):
                return HttpResponseRedirect(reverse("admin:index"))
            return HttpResponseRedirect(reverse("mfa_index"))
        if user.is_authenticated:
            return HttpResponseRedirect("/")
        return HttpResponseRedirect(f"{reverse('account_login')}?next={reverse('admin:index')}")
