"""A signed-in person's language and time zone; and the read-only rule of impersonation."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access.reach import by_provider_alone, is_guest, own_credentials
from accounts.models import User

type GetResponse = Callable[[HttpRequest], HttpResponse]


class PersonalSettingsMiddleware:
    """Stands before LocaleMiddleware and lets the profile speak where a visitor's cookie would.

    A language chosen by a signed-in person (Django's set_language answers with its cookie) is kept in the profile, but
    not by a guest's session (reach.py).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Apply the settings, answer, and leave no time zone behind for the next request of this thread."""
        user = request.user
        if user.is_authenticated:
            request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = user.locale
            if user.time_zone:
                timezone.activate(user.time_zone)
        try:
            response = self.get_response(request)
        finally:
            timezone.deactivate()
        chosen = response.cookies.get(settings.LANGUAGE_COOKIE_NAME)
        if chosen is not None and user.is_authenticated and chosen.value != user.locale and not is_guest(request):
            User.objects.filter(pk=user.pk).update(locale=chosen.value)
        return response


class ViewOnlyMiddleware:
    """Staff who see an account through a customer's eyes may look, not act.

    Also closed: the customer's own sign-in pages (allauth's), which show codes, devices and sessions.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing to do before the view is known."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Refuse what changes something, with a page or problem+json."""
        if not request.session.get("hijack_history"):
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in ("hijack:release", "account_logout"):
            return None
        private = view.__module__.startswith("allauth.") or name.startswith("admin:")
        if request.method in ("GET", "HEAD", "OPTIONS") and not private:
            return None
        text = _("You are viewing as a customer: you can look, but nothing can be changed. Stop viewing first.")
        if request.path_info.startswith("/api/"):
            problem = {
                "type": "urn:seat-portal:problem:view_only",
                "title": _("View only"),
                "status": 403,
                "code": "view_only",
                "detail": text,
            }
            return JsonResponse(problem, status=403, content_type="application/problem+json")
        return render(request, "accounts/view_only.html", {"text": text}, status=403)


class OwnCredentialsMiddleware:
    """A session that an organisation's identity provider opened does not change what belongs to the person.

    Password, addresses and second factors also open other accounts, of which that organisation knows nothing. Nor does
    it open the staff site: providers sign in no staff, and whoever became one meanwhile signs in anew.
    """

    OPEN = frozenset({"account_logout", "account_login", "usersessions_list", "account_inactive"})

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing to do before the view is known."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Refuse allauth's pages, but those that end sessions, and to staff their own."""
        if not request.user.is_authenticated:
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        of_staff = request.user.is_staff and name.startswith(("admin:", "hijack:"))
        if not (of_staff or view.__module__.startswith("allauth.")):
            return None
        if name in self.OPEN or not by_provider_alone(request):
            return None
        return own_credentials(request)
