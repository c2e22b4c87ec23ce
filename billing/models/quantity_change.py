"""An intent to change a quantity, with its key and every parameter sent (payments.md §4)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, ApiKey, User
from billing.models.quote import Quote
from billing.models.subscription import Subscription
from seatportal.kit.clock import now
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class QuantityChange(Dated):
    """One change of what is bought, on its way. The row exists before the first byte goes to Stripe."""

    class Kind(models.TextChoices):
        """What it is for. All go through the same states."""

        ADD = "add", _("Seats added")
        UNDO = "undo", _("Purchase undone")
        PLAN = "plan", _("Plan changed")
        TRUE_UP = "true_up", _("Quarterly true-up")
        REDUCE = "reduce", _("Missed reduction put right")

    class State(models.TextChoices):
        """The states of payments.md §4.2; QUOTED and EXPIRED live on the quote."""

        CONFIRMED = "confirmed", _("Accepted")
        CALLING = "calling", _("Being charged")
        UNKNOWN = "unknown", _("Being checked")
        AWAITING_PAYMENT = "awaiting_payment", _("Waiting for payment")
        CONFLICT = "conflict", _("Needs a person")
        APPLIED = "applied", _("Done")
        REJECTED = "rejected", _("Refused")
        ABANDONED = "abandoned", _("Not paid")
        SUPERSEDED = "superseded", _("Replaced")
        FAILED = "failed", _("Failed")

    OPEN = (State.CONFIRMED, State.CALLING, State.UNKNOWN, State.AWAITING_PAYMENT, State.CONFLICT)

    public_id = PublicIdField("chg")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="changes")
    quote = models.OneToOneField(Quote, on_delete=models.PROTECT, null=True, blank=True, related_name="change")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.ADD)
    undoes = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by")
    state = models.CharField(_("state"), max_length=20, choices=State, default=State.CONFIRMED)
    base_quantity = models.PositiveIntegerField(_("seats before"))
    target_quantity = models.PositiveIntegerField(_("seats after"))
    base_version = models.PositiveIntegerField()
    item_stripe_id = models.CharField(max_length=64)
    price_stripe_id = models.CharField(max_length=64)
    # Where the change is to another price; empty: it stays.
    target_price_stripe_id = models.CharField(max_length=64, blank=True)
    # The seats count at once and the invoice is paid later (send_invoice).
    on_credit = models.BooleanField(_("on credit"), default=False)
    po_number = models.CharField(_("purchase order number"), max_length=60, blank=True)
    # The request behind a purchase that was approved; empty: within the allowance, or where there is none.
    approval_id = models.CharField(_("approved request"), max_length=40, blank=True, default="", db_default="")
    currency = models.CharField(max_length=3)
    quoted_total = models.BigIntegerField(_("quoted total"))
    quoted_due = models.BigIntegerField(_("quoted due"))
    charged_total = models.BigIntegerField(_("charged total"), null=True, blank=True)
    charged_due = models.BigIntegerField(_("charged due"), null=True, blank=True)
    params = models.JSONField()
    params_sha256 = models.CharField(max_length=64)
    idempotency_key = models.CharField(max_length=80, unique=True)
    confirmed_at = models.DateTimeField(_("accepted"), default=now, editable=False)
    calls = models.PositiveSmallIntegerField(default=0)
    reads = models.PositiveSmallIntegerField(default=0)
    first_call_at = models.DateTimeField(null=True, blank=True)
    # The latest call, and the quantity that the read before it showed: evidence for invariants 9 and 12.
    last_call_at = models.DateTimeField(null=True, blank=True)
    sent_from = models.PositiveIntegerField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(null=True, blank=True)
    # Once an answer was lost, only a read may say what happened, whatever later calls answer.
    in_doubt = models.BooleanField(default=False)
    got_server_error = models.BooleanField(default=False)
    payment_tries = models.PositiveSmallIntegerField(default=0)
    invoice_stripe_id = models.CharField(max_length=64, blank=True)
    # While payment is awaited: "confirmation" by the bank, or another "card".
    payment_needs = models.CharField(max_length=12, blank=True)
    pending_expires_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(_("error"), max_length=64, blank=True)
    decline_code = models.CharField(_("decline"), max_length=64, blank=True)
    error_text = models.CharField(max_length=300, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    # The account's commitment before and after this purchase, where it raised it; an undo goes back by them.
    committed_from = models.PositiveIntegerField(null=True, blank=True)
    committed_to = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("quantity change")
        verbose_name_plural = _("quantity changes")
        ordering = ["-id"]
        constraints = [
            # A second update would void the first one's invoice at Stripe, so this is a correctness rule.
            models.UniqueConstraint(
                fields=["subscription"],
                condition=Q(state__in=["confirmed", "calling", "unknown", "awaiting_payment", "conflict"]),
                name="change_one_open_per_subscription",
            ),
            models.UniqueConstraint(
                fields=["undoes"],
                condition=Q(undoes__isnull=False)
                & Q(state__in=["confirmed", "calling", "unknown", "awaiting_payment", "conflict", "applied"]),
                name="change_undone_once",
            ),
        ]
        indexes = [models.Index(fields=["state", "next_try_at"], name="change_due")]

    def __str__(self) -> str:
        return f"{self.base_quantity} → {self.target_quantity} ({self.get_state_display()})"

    @property
    def added(self) -> int:
        """Seats that this change adds."""
        return self.target_quantity - self.base_quantity

    @property
    def credit(self) -> int:
        """What it gave back, in minor units; zero when it cost something."""
        return max(-(self.charged_total or 0), 0)

    @property
    def is_open(self) -> bool:
        """Whether its end is not known yet."""
        return self.state in self.OPEN
