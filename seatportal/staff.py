"""The staff site: Django admin for the vendor's own people, behind a second factor."""

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class StaffSite(admin.AdminSite):
    """Who may enter: active staff, with a second factor unless the settings say otherwise (the demo)."""

    site_header = _("Seat Portal staff")
    site_title = _("Seat Portal staff")
    index_title = _("Today")
    site_url = "/"
    enable_nav_sidebar = True

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
