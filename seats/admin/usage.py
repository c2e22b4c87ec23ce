"""Imports of usage events, and sign-ins that several people use."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access.actor import actor_of
from seatportal.kit.admin import ReadOnlyAdmin
from seatportal.kit.clock import now
from seats.errors import ImportNotStopped
from seats.models import SharingCase, UsageImport
from seats.sharing.queries import cases_for_staff, tell
from seats.usage.import_file import resume_import


@admin.register(UsageImport)
class UsageImportAdmin(ReadOnlyAdmin):
    """How far each file is, and why lines of it were rejected."""

    list_display = (
        "account",
        "file_name",
        "state",
        "lines_done",
        "lines",
        "accepted",
        "duplicate",
        "rejected",
        "tries",
        "last_error",
        "began_at",
    )
    list_filter = ("state", "format")
    search_fields = ("public_id", "file_name", "account__name", "account__slug")
    date_hierarchy = "began_at"
    list_select_related = ("account",)
    exclude = ("content",)
    actions = ("resume",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[UsageImport]:
        """Without the files themselves."""
        rows: QuerySet[UsageImport] = super().get_queryset(request)
        return rows.defer("content")

    @admin.action(description=gettext_lazy("Resume import"), permissions=["act"])
    def resume(self, request: HttpRequest, queryset: QuerySet[UsageImport]) -> None:
        """Go on with those that stopped."""
        for row in queryset.select_related("account"):
            try:
                resume_import(account=row.account, usage_import=row, actor=actor_of(request, door="admin"), at=now())
            except ImportNotStopped as error:
                self.message_user(request, f"{row}: {error}", messages.WARNING)
            else:
                self.message_user(request, _("%(row)s: the import goes on.") % {"row": row}, messages.SUCCESS)


@admin.register(SharingCase)
class SharingCaseAdmin(ReadOnlyAdmin):
    """Those that the account's admins see, too; before that only the person knows."""

    list_display = (
        "membership",
        "account",
        "devices",
        "at_once",
        "extra_people",
        "score",
        "answer",
        "shown_at",
        "closed_at",
    )
    list_filter = ("answer",)
    search_fields = ("public_id", "account__name", "account__slug")
    date_hierarchy = "shown_at"
    list_select_related = ("account", "membership__user", "membership__account")
    exclude = ("evidence",)
    readonly_fields = ("seen",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SharingCase]:
        """See cases_for_staff."""
        return cases_for_staff()

    @admin.display(description=gettext_lazy("evidence"))
    def seen(self, row: SharingCase) -> str:
        """Its sentences."""
        told = tell(row)
        return "\n".join([told.sentence, *told.lines])
