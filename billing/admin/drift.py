"""Drift with both sides, and the runs that found it."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access.actor import actor_of
from billing.models import Drift, Reconciliation
from billing.models.drift import Kind
from billing.reconcile.end_second import end_second_subscription, is_second
from billing.reconcile.reconcile import start_reconciliation
from billing.reconcile.repair import accept_drift, ignore_drift, may_repair, repair_drift
from seatportal.kit.acts import Act, ActingAdmin
from seatportal.kit.admin import ReadOnlyAdmin
from seatportal.kit.clock import now

OPEN = (Drift.State.FOUND, Drift.State.IGNORED)


def _repair(request: HttpRequest, row: Drift, reason: str) -> str:
    repair_drift(drift=row, actor=actor_of(request, door="admin"), at=now(), reason=reason)
    return _("It is repaired.")


def _accept(request: HttpRequest, row: Drift, reason: str) -> str:
    accept_drift(drift=row, actor=actor_of(request, door="admin"), at=now(), reason=reason)
    return _("It is accepted.")


def _ignore(request: HttpRequest, row: Drift, reason: str) -> str:
    ignore_drift(drift=row, actor=actor_of(request, door="admin"), at=now(), reason=reason)
    return _("It is set aside.")


def _end_second(request: HttpRequest, row: Drift, reason: str) -> str:
    amount = end_second_subscription(drift=row, actor=actor_of(request, door="admin"), at=now(), reason=reason)
    if not amount:
        return _("It is ended. It had not been paid by card, so nothing was given back.")
    return _("It is ended and its payment is given back.")


def _repair_words(row: Drift) -> str | Promise:
    if row.kind in (Kind.POOL, Kind.COUNTER):
        return gettext_lazy("Count anew")
    return gettext_lazy("Read from Stripe again")


@admin.register(Drift)
class DriftAdmin(ActingAdmin):
    """Where our books and Stripe's do not agree. Only the end of a second subscription writes to Stripe."""

    list_display = (
        "last_seen",
        "account",
        "kind",
        "severity",
        "ours",
        "theirs",
        "cause",
        "webhook_lost",
        "state",
        "first_seen",
    )
    list_filter = ("state", "severity", "kind", "cause", "webhook_lost")
    search_fields = ("public_id", "subject", "account__name", "account__slug")
    date_hierarchy = "last_seen"
    list_select_related = ("account",)
    acts = (
        Act(
            name="repair",
            label=_repair_words,
            run=_repair,
            offered=may_repair,
            explain=gettext_lazy(
                "Our side follows Stripe's, or the rows that are there. Nothing is written to Stripe."
            ),
        ),
        Act(
            name="end-second",
            label=lambda row: gettext_lazy("End it and give its payment back"),
            run=_end_second,
            offered=is_second,
            explain=gettext_lazy(
                "The account has another subscription, which stays as it is. This one is cancelled at Stripe at once, "
                "what its last invoice charged to a card is refunded, and the owners get a mail."
            ),
        ),
        Act(
            name="accept",
            label=lambda row: gettext_lazy("Accept as it is"),
            run=_accept,
            offered=lambda row: row.state in OPEN,
            explain=gettext_lazy(
                "It was put right by hand, or is right. Found again if it is still there at the next run."
            ),
        ),
        Act(
            name="ignore",
            label=lambda row: gettext_lazy("Set aside"),
            run=_ignore,
            offered=lambda row: row.state == Drift.State.FOUND,
            explain=gettext_lazy("It leaves the list for as long as both sides stay as they are."),
        ),
    )


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    """Runs, the newest first."""

    list_display = ("started_at", "finished_at", "stage", "checked", "found", "repaired", "failed")
    change_list_template = "admin/reconciliations.html"

    def get_urls(self) -> list[URLPattern]:
        """One more address: the button."""
        start = path("start/", self.admin_site.admin_view(self.start), name="billing_reconciliation_start")
        return [start, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with the button for those who may."""
        may = request.user.has_perm("billing.change_reconciliation")
        return super().changelist_view(request, {**(extra_context or {}), "may_start": may})

    def start(self, request: HttpRequest) -> HttpResponse:
        """Begin a run, or find the one that is under way."""
        if request.method == "POST" and request.user.has_perm("billing.change_reconciliation"):
            start_reconciliation(at=now())
            self.message_user(request, _("A comparison with Stripe has begun."), messages.SUCCESS)
        return redirect("admin:billing_reconciliation_changelist")
