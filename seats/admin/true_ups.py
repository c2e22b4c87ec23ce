"""True-ups with their people, their evidence, and the days behind them."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access.actor import actor_of
from seatportal.kit.admin import ReadOnlyAdmin, ReadOnlyInline
from seatportal.kit.clock import now
from seats.models import DailyMark, TrueUp, TrueUpPerson
from seats.true_up.evidence import as_json
from seats.true_up.run_true_ups import step
from seats.true_up.settle_true_up import charge_again
from seats.true_up.verify_evidence import NotABundle, verify_true_up


class PersonInline(ReadOnlyInline):
    """Who was counted idle, what was chosen, and what happened."""

    model = TrueUpPerson
    readonly_fields = ("membership", "seated_at", "last_active_on", "choice", "chosen_by", "chosen_at", "outcome")


@admin.register(TrueUp)
class TrueUpAdmin(ReadOnlyAdmin):
    """One row per account and quarter. The actions run it again, check its evidence, and hand it out."""

    list_display = (
        "account",
        "first_day",
        "last_day",
        "state",
        "purchased",
        "peak",
        "target",
        "decision",
        "decided_by",
        "attempts",
        "error_code",
        "settled_at",
    )
    list_filter = ("state", "decision", "removes_idle")
    search_fields = ("public_id", "account__name", "account__slug")
    date_hierarchy = "due_at"
    list_select_related = ("account", "decided_by")
    inlines = (PersonInline,)
    actions = ("run_again", "verify", "download")

    @admin.action(description=gettext_lazy("Run again now"), permissions=["act"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[TrueUp]) -> None:
        """Charge a failed one anew, and carry every other on as the hourly round would."""
        at = now()
        for row in queryset.select_related("account"):
            charge_again(true_up_id=row.pk, actor=actor_of(request, door="admin"), at=at)
            TrueUp.objects.filter(pk=row.pk, state=TrueUp.State.CONFIRMED).update(next_try_at=None)
            row.refresh_from_db()
            step(row, at)
            row.refresh_from_db()
            self.message_user(
                request, _("%(row)s: %(state)s") % {"row": row, "state": row.get_state_display()}, messages.SUCCESS
            )

    @admin.action(description=gettext_lazy("Recompute the evidence"))
    def verify(self, request: HttpRequest, queryset: QuerySet[TrueUp]) -> None:
        """Say equal, or what differs."""
        for row in queryset.select_related("account"):
            try:
                found = verify_true_up(row)
            except NotABundle as error:
                self.message_user(request, f"{row}: {error}", messages.WARNING)
                continue
            if found:
                self.message_user(request, f"{row}: {' '.join(found[:5])}", messages.ERROR)
            else:
                self.message_user(request, _("%(row)s: the evidence is equal.") % {"row": row}, messages.SUCCESS)

    @admin.action(description=gettext_lazy("Download the evidence"))
    def download(self, request: HttpRequest, queryset: QuerySet[TrueUp]) -> HttpResponse | None:
        """The sealed bundle of one true-up as JSON."""
        row = queryset.select_related("account").first()
        if row is None or row.evidence is None or queryset.count() > 1:
            self.message_user(request, _("Choose one true-up that is settled."), messages.WARNING)
            return None
        response = HttpResponse(as_json(row.evidence), content_type="application/json")
        name = f"true-up-{row.account.slug}-{row.first_day}.json"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


@admin.register(DailyMark)
class DailyMarkAdmin(ReadOnlyAdmin):
    """How many seats each day used."""

    list_display = ("account", "day", "purchased", "assigned_peak", "over_peak", "free")
    search_fields = ("account__name", "account__slug")
    date_hierarchy = "day"
    list_select_related = ("account",)
