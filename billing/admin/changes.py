"""Quotes and purchases: what was promised, what was sent, how it ended."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access.actor import actor_of
from billing.changes.finish_change import finish_change
from billing.changes.follow_refund import (
    give_credit_again,
    leave_as_credit,
    may_leave,
    may_try_again,
    owes_credit,
    retry_refund,
)
from billing.models import CheckoutSession, Ending, QuantityChange, Quote, Refund, Resumption
from billing.reconcile.resolve_conflict import resolve_conflict
from seatportal.kit.acts import Act, ActingAdmin
from seatportal.kit.admin import ReadOnlyAdmin
from seatportal.kit.clock import now


@admin.register(Quote)
class QuoteAdmin(ReadOnlyAdmin):
    """Prices promised."""

    list_display = ("public_id", "account", "__str__", "total", "amount_due", "currency", "expires_at", "consumed_at")
    money_fields = ("subtotal", "tax", "discount", "total", "starting_balance", "amount_due", "next_total")
    list_filter = ("currency", ("consumed_at", admin.EmptyFieldListFilter))
    search_fields = ("public_id", "account__name", "account__slug", "user__email")
    date_hierarchy = "created_at"
    list_select_related = ("account",)


def _resolve(request: HttpRequest, row: QuantityChange, reason: str, *, applied: bool) -> str:
    actor = actor_of(request, door="admin")
    done = resolve_conflict(change=row, applied=applied, actor=actor, at=now(), reason=reason)
    return _("%(change)s: %(state)s") % {"change": done.public_id, "state": done.get_state_display()}


@admin.register(QuantityChange)
class QuantityChangeAdmin(ActingAdmin):
    """Purchases, with every parameter sent. The action looks at Stripe again; it never repeats a charge."""

    list_display = (
        "public_id",
        "account",
        "user",
        "base_quantity",
        "target_quantity",
        "state",
        "quoted_total",
        "charged_total",
        "currency",
        "error_code",
        "confirmed_at",
    )
    money_fields = ("quoted_total", "quoted_due", "charged_total", "charged_due")
    list_filter = ("state", "currency", "error_code")
    search_fields = ("public_id", "account__name", "account__slug", "user__email", "invoice_stripe_id")
    date_hierarchy = "confirmed_at"
    list_select_related = ("account", "user")
    actions = ("look_again",)
    acts = (
        Act(
            name="applied",
            label=lambda row: gettext_lazy("Resolve as applied"),
            run=lambda request, row, reason: _resolve(request, row, reason, applied=True),
            offered=lambda row: row.state == QuantityChange.State.CONFLICT,
            explain=gettext_lazy(
                "Stripe is read again first. It takes a paid invoice; the ledger then shows this purchase instead of "
                "an edit elsewhere."
            ),
        ),
        Act(
            name="failed",
            label=lambda row: gettext_lazy("Resolve as failed"),
            run=lambda request, row, reason: _resolve(request, row, reason, applied=False),
            offered=lambda row: row.state == QuantityChange.State.CONFLICT,
            explain=gettext_lazy(
                "Stripe is read again first. If its invoice was paid nevertheless, an incident proposes to give the "
                "money back."
            ),
        ),
    )

    @admin.action(description=gettext_lazy("Look at Stripe again and settle"), permissions=["act"])
    def look_again(self, request: HttpRequest, queryset: QuerySet[QuantityChange]) -> None:
        """Carry each selected purchase on as the sweep would."""
        for row in queryset:
            change = finish_change(change_id=row.pk, at=now())
            text = _("%(change)s: %(state)s") % {"change": change.public_id, "state": change.get_state_display()}
            self.message_user(request, text, messages.SUCCESS)


def _send_again(request: HttpRequest, row: Refund, reason: str) -> str:
    done = retry_refund(refund=row, actor=actor_of(request, door="admin"), at=now(), reason=reason)
    return _("%(refund)s: %(state)s") % {"refund": done.public_id, "state": done.get_state_display()}


def _credit(request: HttpRequest, row: Refund, reason: str) -> str:
    done = give_credit_again(refund=row, actor=actor_of(request, door="admin"), at=now(), reason=reason)
    if not done.credit_stripe_id:
        return _("It is not credit yet: %(error)s") % {"error": done.error or done.get_state_display()}
    return _("It is credit of the customer again.")


def _leave(request: HttpRequest, row: Refund, reason: str) -> str:
    leave_as_credit(refund=row, actor=actor_of(request, door="admin"), at=now(), reason=reason)
    return _("It stays credit of the customer.")


@admin.register(Refund)
class RefundAdmin(ActingAdmin):
    """Money of undone purchases on its way back to cards, and what came back from the bank."""

    list_display = (
        "public_id",
        "account",
        "amount",
        "balance_amount",
        "currency",
        "state",
        "failure_reason",
        "error",
        "created_at",
    )
    money_fields = ("amount", "balance_amount")
    list_filter = ("state", "currency")
    search_fields = ("public_id", "account__name", "account__slug", "change__public_id", "refund_stripe_id")
    date_hierarchy = "created_at"
    list_select_related = ("account",)
    acts = (
        Act(
            name="again",
            label=lambda row: gettext_lazy("Try the refund again"),
            run=_send_again,
            offered=may_try_again,
            explain=gettext_lazy(
                "Stripe is looked at first, so nothing is sent twice. The same amount leaves the customer's credit, "
                "which must still be there."
            ),
        ),
        Act(
            name="credit",
            label=lambda row: gettext_lazy("Give the credit again"),
            run=_credit,
            offered=owes_credit,
            explain=gettext_lazy(
                "The bank sent the refund back and Stripe refused to make it credit. Stripe is looked at first, so "
                "nothing is given twice."
            ),
        ),
        Act(
            name="leave",
            label=lambda row: gettext_lazy("Leave it as credit"),
            run=_leave,
            offered=may_leave,
            explain=gettext_lazy("Nothing is sent. The customer uses the credit for the next invoices."),
        ),
    )


@admin.register(Ending)
class EndingAdmin(ReadOnlyAdmin):
    """Who let a subscription end, or go on."""

    list_display = ("public_id", "account", "user", "kind", "state", "reason", "error", "confirmed_at")
    list_filter = ("kind", "state")
    search_fields = ("public_id", "account__name", "account__slug", "user__email")
    date_hierarchy = "created_at"
    list_select_related = ("account", "user")


@admin.register(Resumption)
class ResumptionAdmin(ReadOnlyAdmin):
    """Paused subscriptions that were to go on, and what came of it."""

    list_display = ("public_id", "account", "state", "quoted_due", "charged_total", "currency", "user", "confirmed_at")
    money_fields = ("quoted_total", "quoted_due", "charged_total")
    list_filter = ("state",)
    search_fields = ("public_id", "account__name", "account__slug", "invoice_stripe_id")
    list_select_related = ("account", "user")


@admin.register(CheckoutSession)
class CheckoutSessionAdmin(ReadOnlyAdmin):
    """Payment pages of first purchases."""

    list_display = ("public_id", "account", "price", "quantity", "state", "user", "opened_at", "closed_at")
    list_filter = ("state",)
    search_fields = ("public_id", "stripe_id", "account__name", "account__slug")
    list_select_related = ("account", "user", "price__plan")
