"""A customer's own rules for buying; staff read them."""

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from billing.models import ApprovalStep, BuyingPolicy, Subscription
from billing.models.subscription import ENDED
from seatportal.kit.admin import ReadOnlyAdmin


@admin.register(BuyingPolicy)
class BuyingPolicyAdmin(ReadOnlyAdmin):
    """What may be bought in a month without approval."""

    list_display = fields = ("account", "seats", "amount", "joiners")
    money_fields = ("amount",)
    list_filter = ("joiners",)
    search_fields = ("account__name", "account__slug")
    list_select_related = ("account",)


@admin.register(ApprovalStep)
class ApprovalStepAdmin(ReadOnlyAdmin):
    """Who approves the rest, in order."""

    list_display = ("account", "position", "role", "from_amount")
    money_fields = ("from_amount",)
    list_filter = ("role",)
    search_fields = ("account__name", "account__slug")
    list_select_related = ("account",)

    @staticmethod
    def currency_of(row: ApprovalStep) -> str:
        """What the account pays in."""
        return str(vars(row)["currency"])

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApprovalStep]:
        """With the currency of each."""
        living = Subscription.objects.exclude(status__in=ENDED).filter(account=OuterRef("account"))
        rows: QuerySet[ApprovalStep] = super().get_queryset(request)
        return rows.annotate(currency=Coalesce(Subquery(living.values("currency")[:1]), Value("")))
