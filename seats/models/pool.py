"""The purchased pool of an account, its limit, and the counter that the database guards."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from seatportal.kit.models import Dated


class SeatPool(Dated):
    """How many seats an account has and how many are taken.

    purchased: what Stripe says, copied in the transaction that mirrors it. No constraint: truth can always be written.
    comped, comped_until: seats free of charge, and the last day on which they count, in the account's zone
    (seats/capacity/comp_seats). They hang on a subscription and are never part of what is paid.
    policy_until, policy_after: where mode, allowance and grace_days are an exception of staff, its last day in the
    account's zone, and what these three are again afterwards (seats/capacity/set_policy).
    entitled: the highest `assigned` that the database allows: max(purchased + comped + allowance, assigned).
    assigned: seats held or reserved; kept by a trigger on seats_assignment, never by hand.
    set_aside: seats in regions' pools (RegionPool), their sum. common_assigned, common_entitled: the same pair for
    those who belong to no such region and share the rest. All three are kept by triggers, never by hand.
    began_at: the first purchase, as the ledger has it; stays when a subscription ends.
    revision: raised by triggers with everything that may change who is let in (seats/entitlements); never by hand.
    """

    class Mode(models.TextChoices):
        """What happens when every seat is taken."""

        HARD = "hard", _("Hard limit")
        SOFT = "soft", _("Soft limit")

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="+")
    purchased = models.PositiveIntegerField(_("purchased"), default=0)
    comped = models.PositiveIntegerField(_("free of charge"), default=0, db_default=0)
    comped_until = models.DateField(_("free of charge until"), null=True, blank=True)
    entitled = models.PositiveIntegerField(_("may be taken"), default=0)
    assigned = models.PositiveIntegerField(_("taken"), default=0)
    set_aside = models.PositiveIntegerField(_("set aside for regions"), default=0, db_default=0)
    common_assigned = models.PositiveIntegerField(_("taken outside regional pools"), default=0, db_default=0)
    common_entitled = models.PositiveIntegerField(_("may be taken outside regional pools"), default=0, db_default=0)
    mode = models.CharField(_("limit"), max_length=4, choices=Mode, default=Mode.HARD)
    allowance = models.PositiveIntegerField(
        _("seats over the limit"), default=0, help_text=_("With a soft limit: how many seats may be used on top.")
    )
    grace_days = models.PositiveSmallIntegerField(_("days of grace"), default=14)
    policy_until = models.DateField(_("exception until"), null=True, blank=True)
    policy_after = models.JSONField(_("limit after the exception"), null=True, blank=True)
    frozen = models.CharField(
        _("no new seats because"),
        max_length=24,
        blank=True,
        help_text=_("The subscription's state, when it stops growth."),
    )
    began_at = models.DateTimeField(_("first seats"), null=True, blank=True)
    over_since = models.DateTimeField(_("over the limit since"), null=True, blank=True)
    revision = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("seat pool")
        verbose_name_plural = _("seat pools")
        constraints = [
            models.CheckConstraint(condition=Q(assigned__lte=F("entitled")), name="pool_never_oversold"),
            # Constraints are looked at by name: of an account without regional pools the first one speaks.
            models.CheckConstraint(condition=Q(common_assigned__lte=F("common_entitled")), name="rest_never_oversold"),
            models.CheckConstraint(condition=Q(mode="soft") | Q(allowance=0), name="pool_hard_has_no_allowance"),
            models.CheckConstraint(
                condition=Q(comped=0, comped_until__isnull=True) | Q(comped__gt=0, comped_until__isnull=False),
                name="pool_comped_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(policy_until__isnull=True, policy_after__isnull=True)
                | Q(policy_until__isnull=False, policy_after__isnull=False),
                name="pool_exception_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assigned}/{self.purchased}"

    @property
    def limit(self) -> int:
        """Seats that may be taken now."""
        return self.purchased + self.comped + self.allowance

    @property
    def open(self) -> int:
        """Seats that nobody holds, paid or free of charge; the soft allowance is not among them."""
        return max(self.purchased + self.comped - self.assigned, 0)

    @property
    def owned(self) -> int:
        """Seats there are, paid or free of charge; the soft allowance is not among them."""
        return self.purchased + self.comped

    @property
    def common(self) -> int:
        """Seats that may be taken by people of no regional pool; the soft allowance is theirs alone."""
        return max(self.limit - self.set_aside, 0)

    @property
    def free(self) -> int:
        """Purchased seats that nobody holds."""
        return max(self.purchased - self.assigned, 0)

    @property
    def over(self) -> int:
        """Seats in use beyond those purchased and those free of charge."""
        return max(self.assigned - self.purchased - self.comped, 0)
