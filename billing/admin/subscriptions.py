"""Customers and subscriptions as last read from Stripe."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access.actor import actor_of
from accounts.models import Account
from billing.changes.resume_paused import resume_paused
from billing.errors import ProviderUnavailable
from billing.mirror.read_again import read_again
from billing.models import Customer, PaymentMethod, Resumption, ScheduledDecrease, Subscription, SubscriptionItem
from billing.reconcile.reconcile import reconcile_account
from billing.reconcile.repair import unfreeze_subscription
from seatportal.kit.acts import Act, ActingAdmin
from seatportal.kit.admin import ReadOnlyAdmin, ReadOnlyInline
from seatportal.kit.clock import now
from seatportal.templatetags.portal import money


class CardInline(admin.StackedInline):  # type: ignore[type-arg]  # generic only in the stubs
    """The card that is charged."""

    model = PaymentMethod
    readonly_fields = ("stripe_id", "kind", "brand", "last4", "exp_month", "exp_year")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Cards are entered on Stripe's own pages."""
        return False


class ItemInline(ReadOnlyInline):
    """A subscription's lines."""

    model = SubscriptionItem
    readonly_fields = ("stripe_id", "price", "quantity", "period_start", "period_end")


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    """Accounts at Stripe."""

    list_display = ("account", "stripe_id", "email", "currency", "balance", "livemode", "synced_at")
    money_fields = ("balance",)
    list_filter = ("currency", "livemode")
    search_fields = ("stripe_id", "email", "account__name", "account__slug")
    list_select_related = ("account",)
    inlines = (CardInline,)


def _unfreeze(request: HttpRequest, row: Subscription, reason: str) -> str:
    unfreeze_subscription(subscription=row, actor=actor_of(request, door="admin"), at=now(), reason=reason)
    return _("Seats can be bought here again.")


def _resume(request: HttpRequest, row: Subscription, reason: str) -> str:
    wish = resume_paused(
        account=row.account,
        actor=actor_of(request, door="admin"),
        at=now(),
        agreed=None,
        reason=reason,
        staff=True,
    )
    if wish.state == Resumption.State.CONFIRMED:
        return _("It is on its way, and what came of it is not known yet. It is looked at again by itself.")
    if wish.state != Resumption.State.DONE:
        return _("Not resumed yet: %(state)s. Nothing was charged so far.") % {"state": wish.get_state_display()}
    return _("Resumed. Charged: %(amount)s.") % {"amount": money(wish.charged_total or 0, wish.currency)}


@admin.register(Subscription)
class SubscriptionAdmin(ActingAdmin):
    """The mirror. The action reads Stripe again; it never writes there."""

    list_display = (
        "account",
        "stripe_id",
        "status",
        "currency",
        "collection_method",
        "cancel_at",
        "frozen",
        "synced_at",
    )
    list_filter = ("status", "frozen", "currency", "collection_method", "billing_mode", "paused")
    search_fields = ("stripe_id", "account__name", "account__slug", "customer__stripe_id")
    list_select_related = ("account",)
    inlines = (ItemInline,)
    actions = ("read", "compare")
    acts = (
        Act(
            name="unfreeze",
            label=lambda row: gettext_lazy("Allow self-service again"),
            run=_unfreeze,
            offered=lambda row: bool(row.frozen),
            explain=gettext_lazy(
                "The customer can buy seats again, at the price that Stripe has now. What was found is accepted."
            ),
        ),
        Act(
            name="resume",
            label=lambda row: gettext_lazy("Resume subscription"),
            run=_resume,
            offered=lambda row: row.status == "paused",
            explain=gettext_lazy(
                "A new period begins now and is charged to the customer's card. Until that is paid it stays paused."
            ),
        ),
    )

    @admin.action(description=gettext_lazy("Compare with Stripe now"), permissions=["act"])
    def compare(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> None:
        """Hold the selected accounts' books against Stripe; what is found is listed as drift."""
        text = _("%(account)s: %(found)d found, %(repaired)d repaired, %(failed)d failed.")
        for account in Account.objects.filter(pk__in=queryset.values("account")):
            try:
                done = reconcile_account(account=account, at=now())
            except ProviderUnavailable as error:
                self.message_user(request, f"{account}: {error}", messages.ERROR)
                continue
            values = {"account": account, "found": done.found, "repaired": done.repaired, "failed": done.failed}
            self.message_user(request, text % values, messages.WARNING if done.failed else messages.SUCCESS)

    @admin.action(description=gettext_lazy("Read from Stripe now"), permissions=["act"])
    def read(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> None:
        """Read each selected subscription and its customer; one that fails does not stop the rest."""
        for row in queryset.select_related("account", "customer"):
            try:
                read_again(subscription=row, actor=actor_of(request, door="admin"), at=now())
            except ProviderUnavailable as error:
                self.message_user(request, f"{row.account}: {error}", messages.ERROR)
                continue
            self.message_user(request, _("%(account)s was read.") % {"account": row.account}, messages.SUCCESS)


@admin.register(ScheduledDecrease)
class ScheduledDecreaseAdmin(ReadOnlyAdmin):
    """Planned reductions."""

    list_display = ("account", "base_quantity", "renew_quantity", "effective_at", "state", "user", "created_at")
    list_filter = ("state",)
    search_fields = ("public_id", "account__name", "account__slug")
    date_hierarchy = "effective_at"
    list_select_related = ("account", "user")
