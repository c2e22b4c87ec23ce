"""Customers' domains, identity providers, sign-in rules and requests to join; and whom providers named."""

from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin

from accounts.models import JoinRequest, MailDomain, SsoConnection, SsoPolicy
from seatportal.kit.admin import ReadOnlyAdmin

# The library's own screens let staff sign in whom they like; ours come from `SsoConnection`.
for _model in (SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(_model)


@admin.register(MailDomain)
class MailDomainAdmin(ReadOnlyAdmin):
    """Who has proved which domain."""

    list_display = ("name", "account", "verified_at", "checked_at", "finding", "lost_since", "created_at")
    list_filter = ("finding", ("verified_at", admin.EmptyFieldListFilter), ("lost_since", admin.EmptyFieldListFilter))
    search_fields = ("name", "account__name", "public_id")
    list_select_related = ("account",)


@admin.register(SsoConnection)
class SsoConnectionAdmin(ReadOnlyAdmin):
    """To look at, without its secret."""

    list_display = ("name", "account", "kind", "issuer", "tested_at", "enabled_at", "last_used_at")
    list_filter = ("kind", ("enabled_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "account__name", "public_id", "issuer", "entity_id")
    list_select_related = ("account",)
    exclude = ("secret_sealed",)


@admin.register(SsoPolicy)
class SsoPolicyAdmin(ReadOnlyAdmin):
    """How accounts want their people to sign in and join."""

    list_display = ("account", "enforced", "join")
    list_filter = ("enforced", "join")
    search_fields = ("account__name",)
    list_select_related = ("account",)


@admin.register(JoinRequest)
class JoinRequestAdmin(ReadOnlyAdmin):
    """Who waits to be let in."""

    list_display = ("email", "name", "account", "connection", "state", "asked_at", "decided_at", "decided_by")
    list_filter = ("state",)
    search_fields = ("email", "name", "account__name", "public_id")
    date_hierarchy = "asked_at"
    list_select_related = ("account", "connection", "decided_by")


@admin.register(SocialAccount)
class SocialAccountAdmin(ReadOnlyAdmin):
    """Whom providers named; `provider` is the public id of a connection."""

    list_display = ("user", "provider", "uid", "last_login", "date_joined")
    search_fields = ("user__email", "user__name", "provider", "uid")
    list_select_related = ("user",)
    exclude = ("extra_data",)
