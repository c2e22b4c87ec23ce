"""Sessions of people. The library's own screen searches by a user name, which our users do not have."""

from allauth.usersessions.admin import UserSessionAdmin
from allauth.usersessions.models import UserSession
from django.contrib import admin

admin.site.unregister(UserSession)


@admin.register(UserSession)
class SessionAdmin(UserSessionAdmin):  # type: ignore[misc]  # allauth has no types
    """Who is signed in, from where."""

    search_fields = ("user__email", "user__name", "ip")
    list_select_related = ("user",)
