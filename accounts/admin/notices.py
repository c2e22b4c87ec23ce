"""Mails about accounts: which are out, which wait, which were given up."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import Notice
from accounts.notices.deliver_notice import try_again
from seatportal.kit.admin import ReadOnlyAdmin
from seatportal.kit.clock import now


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """To look at; what did not go out can be tried again. Nothing is ever sent twice."""

    list_display = (
        "created_at",
        "account",
        "user",
        "kind",
        "sent_at",
        "opened_at",
        "given_up_at",
        "tries",
        "last_error",
    )
    list_filter = ("kind", ("sent_at", admin.EmptyFieldListFilter), ("given_up_at", admin.EmptyFieldListFilter))
    search_fields = ("account__name", "user__email", "kind", "key", "public_id")
    date_hierarchy = "created_at"
    list_select_related = ("account", "user")
    actions = ("send_again",)

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Who may do more than look."""
        return bool(request.user.has_perm("accounts.change_notice"))

    @admin.action(description=_("Try to send again"), permissions=["act"])
    def send_again(self, request: HttpRequest, rows: QuerySet[Notice]) -> None:
        """Only what is not out yet."""
        sent = sum(try_again(notice=row, at=now()) for row in rows)
        messages.info(request, ngettext("%d notice was sent.", "%d notices were sent.", sent) % sent)
