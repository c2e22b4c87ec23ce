"""Incidents with both sides, and what can be done about them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access.actor import actor_of
from billing.models import CreditNote, Incident
from billing.reconcile.incidents import acknowledge_incident, resolve_incident
from billing.reconcile.issue_credit_note import issue_credit_note
from seatportal.kit.acts import Act, ActingAdmin
from seatportal.kit.admin import ReadOnlyAdmin
from seatportal.kit.clock import now
from seatportal.templatetags.portal import money


def _acknowledge(request: HttpRequest, row: Incident, reason: str) -> str:
    acknowledge_incident(incident=row, actor=actor_of(request, door="admin"), at=now(), note=reason)
    return _("You are on it.")


def _resolve(request: HttpRequest, row: Incident, reason: str) -> str:
    resolve_incident(incident=row, actor=actor_of(request, door="admin"), at=now(), note=reason)
    return _("The incident is resolved.")


def _credit(request: HttpRequest, row: Incident, reason: str) -> str:
    note = issue_credit_note(incident=row, actor=actor_of(request, door="admin"), at=now(), reason=reason)
    if note.state == CreditNote.State.REFUSED:
        return _("Stripe refused it: %(error)s") % {"error": note.error}
    if note.state == CreditNote.State.CONFIRMED:
        return _("It is accepted and on its way; Stripe has not answered yet.")
    return _("Credit note %(number)s is issued.") % {"number": note.number}


def _has_note(row: Incident) -> bool:
    return CreditNote.objects.filter(incident=row).exclude(state=CreditNote.State.REFUSED).exists()


@admin.register(Incident)
class IncidentAdmin(ActingAdmin):
    """What does not agree between promise, charge and seats."""

    list_display = ("created_at", "account", "kind", "gravity", "state", "amounts", "change", "handled_by")
    list_filter = ("state", "gravity", "kind")
    search_fields = ("public_id", "account__name", "account__slug", "change__public_id", "invoice_stripe_id")
    date_hierarchy = "created_at"
    list_select_related = ("account", "change", "handled_by")
    fields = (
        "public_id",
        "account",
        "subscription",
        "change",
        "invoice_stripe_id",
        "kind",
        "gravity",
        "state",
        "amounts",
        "both_sides",
        "note",
        "handled_by",
        "handled_at",
        "created_at",
    )
    readonly_fields = fields
    acts = (
        Act(
            name="credit",
            label=lambda row: _("Issue credit note of %(amount)s") % {"amount": money(row.creditable, row.currency)},
            run=_credit,
            offered=lambda row: row.state in Incident.UNRESOLVED and row.creditable > 0 and not _has_note(row),
            explain=gettext_lazy(
                "Gives back what was charged beyond the quote: an open invoice asks for less; what is paid goes to the "
                "card where it paid that much, otherwise to the customer's balance. One that Stripe refused is tried "
                "again. The incident is resolved as soon as the note is issued."
            ),
        ),
        Act(
            name="acknowledge",
            label=lambda row: gettext_lazy("Take it on"),
            run=_acknowledge,
            offered=lambda row: row.state == Incident.State.OPEN,
            explain=gettext_lazy("Says to others that you are on it. Nothing else happens."),
        ),
        Act(
            name="resolve",
            label=lambda row: gettext_lazy("Resolve without a credit note"),
            run=_resolve,
            offered=lambda row: row.state in Incident.UNRESOLVED and not _has_note(row),
            explain=gettext_lazy("Closes the incident. No money moves."),
        ),
    )

    @admin.display(description=gettext_lazy("quoted – charged"))
    def amounts(self, row: Any) -> str:
        """Both totals."""
        if row.quoted is None or row.charged is None:
            return "–"
        return f"{money(row.quoted, row.currency)} – {money(row.charged, row.currency)}"

    @admin.display(description=gettext_lazy("both sides"))
    def both_sides(self, row: Any) -> SafeString | str:
        """Each difference: what, quoted, charged."""
        lines = [
            (d["what"], d.get("text", ""), _side(d["quoted"], row.currency), _side(d["charged"], row.currency))
            for d in row.differences
        ]
        return format_html_join("", "<div>{} {}: {} – {}</div>", lines) or "–"


def _side(value: int | str | None, currency: str) -> str:
    if value is None:
        return "–"
    return money(value, currency) if isinstance(value, int) else value


@admin.register(CreditNote)
class CreditNoteAdmin(ReadOnlyAdmin):
    """Money given back, with every parameter sent."""

    list_display = ("public_id", "account", "amount", "currency", "state", "number", "user", "error", "created_at")
    money_fields = ("amount", "asked_less")
    list_filter = ("state", "currency")
    search_fields = ("public_id", "account__name", "account__slug", "number", "invoice_stripe_id", "stripe_id")
    date_hierarchy = "created_at"
    list_select_related = ("account", "user")
