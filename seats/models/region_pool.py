"""The part of an account's seats that is kept for one region."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Region
from seatportal.kit.models import Dated


class RegionPool(Dated):
    """So many of the account's seats are for people of this region, and they get no others.

    seats: what an admin set aside. Their sum fits into the account's seats when it is set (seats/capacity/split_seats)
    and may exceed them later, since purchases end: then nobody loses a seat, and the account's own limit refuses.
    assigned, entitled: as in SeatPool; kept by triggers on seats_assignment, never by hand.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    region = models.OneToOneField(Region, on_delete=models.CASCADE, related_name="+")
    seats = models.PositiveIntegerField(_("seats set aside"))
    assigned = models.PositiveIntegerField(_("taken"), default=0)
    entitled = models.PositiveIntegerField(_("may be taken"), default=0)

    class Meta:
        verbose_name = _("regional pool")
        verbose_name_plural = _("regional pools")
        ordering = ["account", "region__name"]
        constraints = [
            models.CheckConstraint(condition=Q(assigned__lte=F("entitled")), name="region_never_oversold"),
            models.CheckConstraint(condition=Q(seats__gte=1), name="region_pool_has_seats"),
        ]

    def __str__(self) -> str:
        return f"{self.region}: {self.assigned}/{self.seats}"

    @property
    def free(self) -> int:
        """Seats of this pool that nobody holds."""
        return max(self.seats - self.assigned, 0)

    @property
    def over(self) -> int:
        """Seats in use beyond the pool's own."""
        return max(self.assigned - self.seats, 0)
