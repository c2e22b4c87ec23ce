"""Addresses and second factors, to look at: the library's own screens show secrets and let staff prove addresses.

Its screens of OAuth clients and tokens are gone: a client is seen, and revoked, as the API key that it belongs to.
"""

from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Client, Token
from allauth.mfa.models import Authenticator
from django.contrib import admin

from seatportal.kit.admin import ReadOnlyAdmin

admin.site.unregister(EmailAddress)
admin.site.unregister(Authenticator)
admin.site.unregister(Client)
admin.site.unregister(Token)


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    """People's addresses; only their owner proves them."""

    list_display = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified")
    search_fields = ("email", "user__email", "user__name")
    list_select_related = ("user",)


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Who has a second factor, without its secret."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type", "created_at")
    search_fields = ("user__email", "user__name")
    list_select_related = ("user",)
    exclude = ("data",)
