"""More seats than are sold without talking: asked for, or begun by staff; answered by staff, never priced."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, ApiKey, User
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class OfferRequest(Dated):
    """One request for an offer. At most one is open per account. `quantity` is the total wanted, not what is added.

    user, api_key: who asked at the customer's. begun_by: the member of staff who began it instead; then nobody asked.
    """

    class State(models.TextChoices):
        """Where it stands. After ACCEPTED the account buys up to `quantity` by itself."""

        OPEN = "open", _("Waiting for an offer")
        OFFERED = "offered", _("Offer made")
        ACCEPTED = "accepted", _("Agreed")
        DECLINED = "declined", _("No offer possible")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    PENDING = (State.OPEN, State.OFFERED)

    public_id = PublicIdField("ofr")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    begun_by = models.ForeignKey(
        User, verbose_name=_("begun by"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    quantity = models.PositiveIntegerField(_("seats wanted in all"))
    note = models.CharField(_("note"), max_length=500, blank=True)
    contact = models.EmailField(_("contact"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    answer = models.CharField(_("answer"), max_length=500, blank=True, help_text=_("The customer reads it."))
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("request for an offer")
        verbose_name_plural = _("requests for an offer")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(state__in=["open", "offered"]), name="offer_request_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.quantity}"

    @property
    def by_account_team(self) -> bool:
        """Whether staff began it, and nobody at the customer's asked."""
        return self.begun_by_id is not None

    @property
    def is_open(self) -> bool:
        """Whether an answer is still to come."""
        return self.state in self.PENDING
