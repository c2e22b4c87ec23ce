"""How one person wants to see the seats table."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Membership
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class SavedView(Dated):
    """A filter, a search, an order and columns under a name. Without a name: the columns of that person's table.

    show, text, sort: as in seats.insight.people.Choice. columns: keys of seats.insight.saved_views.COLUMNS, in order.
    """

    public_id = PublicIdField("view")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, verbose_name=_("of"), on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=60, blank=True)
    show = models.CharField(_("filter"), max_length=20, default="all")
    text = models.CharField(_("search"), max_length=200, blank=True)
    sort = models.CharField(_("order"), max_length=20, default="name")
    columns = models.JSONField(_("columns"), default=list)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["membership", "name"], name="saved_view_once_per_name")]

    def __str__(self) -> str:
        return self.name or "–"
