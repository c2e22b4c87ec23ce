"""What was seen in accounts, and how it was told."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.access.actor import actor_of
from accounts.models import User
from seatportal.kit.admin import ReadOnlyAdmin, ReadOnlyInline
from seatportal.kit.clock import now
from seats.admin.account import account_of, account_view
from seats.admin.account_acts import account_act_view
from seats.admin.accounts import accounts_view
from seats.admin.inbox import inbox_view
from seats.admin.metrics import metrics_view
from seats.growth.deliver_alert import replay
from seats.growth.inbox import mark_read
from seats.growth.words import rule_of, sentence_of
from seats.models import Alert, AlertDelivery, Signal


class SignalInline(ReadOnlyInline):
    """The signals that an alert or a task is about."""

    model = Signal
    fk_name = "alert"
    fields = readonly_fields = ("kind", "says", "rule", "seats", "seen_at", "ended_at")
    verbose_name_plural = _("signals")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits what was seen."""
        return False

    @admin.display(description=_("what was seen"))
    def says(self, signal: Signal) -> str:
        return sentence_of(signal)

    @admin.display(description=_("rule"))
    def rule(self, signal: Signal) -> str:
        return rule_of(signal)


@admin.register(Signal)
class SignalAdmin(ReadOnlyAdmin):
    """Signals with their evidence and rule."""

    list_display = ("seen_at", "account", "kind", "says", "seats", "told_at", "held_back", "ended_at")
    list_filter = ("kind", ("ended_at", admin.EmptyFieldListFilter), "held_back")
    search_fields = ("public_id", "account__name", "account__slug")
    date_hierarchy = "seen_at"
    list_select_related = ("account",)
    fields = readonly_fields = (
        "account",
        "kind",
        "subject",
        "says",
        "rule",
        "evidence",
        "seats",
        "score",
        "seen_at",
        "told_at",
        "held_back",
        "ended_at",
        "alert",
        "task",
    )

    def get_urls(self) -> list[URLPattern]:
        """The pages over all accounts and over one stand before the list's own addresses."""
        site = self.admin_site
        own = [
            path("metrics/", site.admin_view(partial(metrics_view, site=site)), name="seats_signal_metrics"),
            path("accounts/", site.admin_view(partial(accounts_view, site=site)), name="seats_signal_accounts"),
            path(
                "accounts/<object_id>/",
                site.admin_view(lambda request, object_id: account_view(request, site, object_id)),
                name="seats_signal_account",
            ),
            path(
                "accounts/<object_id>/act/<slug:act>/",
                site.admin_view(
                    lambda request, object_id, act: account_act_view(request, site, account_of(object_id), act)
                ),
                name="seats_signal_account_act",
            ),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=_("what was seen"))
    def says(self, signal: Signal) -> str:
        return sentence_of(signal)

    @admin.display(description=_("rule"))
    def rule(self, signal: Signal) -> str:
        return rule_of(signal)


class DeliveryInline(ReadOnlyInline):
    """To whom and how it went."""

    model = AlertDelivery
    fields = readonly_fields = ("channel", "user", "endpoint", "digest", "sent_at", "read_at", "tries", "last_error")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits what was sent."""
        return False


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """What the account team was told."""

    list_display = ("at", "account", "about")
    search_fields = ("public_id", "account__name", "account__slug")
    date_hierarchy = "at"
    list_select_related = ("account",)
    inlines = (SignalInline, DeliveryInline)

    def get_urls(self) -> list[URLPattern]:
        """The reader's inbox before the list's own addresses."""
        site = self.admin_site
        return [
            path("inbox/", site.admin_view(partial(inbox_view, site=site)), name="seats_alert_inbox"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who opens an alert that was told to them has read it."""
        answer = super().change_view(request, object_id, form_url, extra_context)
        if isinstance(request.user, User) and object_id.isdigit() and answer.status_code == 200:
            mark_read(user=request.user, at=now(), alerts=[int(object_id)])
        return answer

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        """With the signals that the list names."""
        return super().get_queryset(request).prefetch_related("signals")

    @admin.display(description=_("about"))
    def about(self, alert: Alert) -> str:
        return ", ".join(signal.get_kind_display() for signal in alert.signals.all())


@admin.register(AlertDelivery)
class AlertDeliveryAdmin(ReadOnlyAdmin):
    """Each alert on each way: what is out, what waits, what was given up."""

    list_display = (
        "created_for",
        "account",
        "channel",
        "user",
        "endpoint",
        "sent_at",
        "given_up_at",
        "tries",
        "last_error",
    )
    list_filter = ("channel", ("sent_at", admin.EmptyFieldListFilter), ("given_up_at", admin.EmptyFieldListFilter))
    search_fields = ("public_id", "account__name", "user__email", "endpoint__name")
    list_select_related = ("alert__account", "account", "user", "endpoint")
    actions = ("send_again",)

    @admin.display(description=_("alert"), ordering="alert__at")
    def created_for(self, row: AlertDelivery) -> str:
        return str(row.alert)

    @admin.action(description=_("Send again now"), permissions=["act"])
    def send_again(self, request: HttpRequest, rows: QuerySet[AlertDelivery]) -> None:
        """Also what went before: a replay."""
        actor = actor_of(request, door="admin")
        sent = sum(replay(delivery=row, actor=actor, at=now()) for row in rows)
        messages.info(request, ngettext("%d alert was sent.", "%d alerts were sent.", sent) % sent)
