"""Files of people that customers handed in."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access.actor import actor_of
from seatportal.kit.admin import ReadOnlyAdmin
from seatportal.kit.clock import now
from seats.errors import ImportNotStopped
from seats.models import ImportedPerson, PeopleImport
from seats.people.import_people import resume_people_import


@admin.register(PeopleImport)
class PeopleImportAdmin(ReadOnlyAdmin):
    """How far each file is."""

    list_display = (
        "account",
        "file_name",
        "state",
        "rows_done",
        "rows",
        "by",
        "tries",
        "last_error",
        "added_at",
        "ended_at",
    )
    list_filter = ("state",)
    search_fields = ("public_id", "file_name", "account__name", "account__slug")
    date_hierarchy = "added_at"
    list_select_related = ("account", "by")
    exclude = ("content", "head", "mapping")
    actions = ("resume",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeopleImport]:
        """Without the files themselves."""
        rows: QuerySet[PeopleImport] = super().get_queryset(request)
        return rows.defer("content")

    @admin.action(description=gettext_lazy("Resume import"), permissions=["act"])
    def resume(self, request: HttpRequest, queryset: QuerySet[PeopleImport]) -> None:
        """Go on with those that stopped."""
        for row in queryset.select_related("account"):
            try:
                resume_people_import(
                    account=row.account, people_import=row, actor=actor_of(request, door="admin"), at=now()
                )
            except ImportNotStopped as error:
                self.message_user(request, f"{row}: {error}", messages.WARNING)
            else:
                self.message_user(request, _("%(row)s: the import goes on.") % {"row": row}, messages.SUCCESS)


@admin.register(ImportedPerson)
class ImportedPersonAdmin(ReadOnlyAdmin):
    """What became of each row."""

    list_display = ("people_import", "line", "email", "outcome", "seat", "text")
    list_filter = ("outcome", "seat")
    search_fields = ("email", "people_import__public_id", "people_import__account__name")
    list_select_related = ("people_import",)
    exclude = ("cells",)
