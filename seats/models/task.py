"""Work for the account team that follows from signals, with its outcome."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated
from seats.models.ledger import LedgerEntry


class Pattern(models.TextChoices):
    """How seats spread in an organisation (product.md B1–B4)."""

    DEPARTMENTAL = "departmental", _("Within a department")
    CROSS_DEPARTMENT = "cross_department", _("To another department")
    HIERARCHICAL = "hierarchical", _("Up and down the hierarchy")
    GEOGRAPHIC = "geographic", _("To another region")
    NONE = "", _("None")


class ExpansionTask(Dated):
    """One thing to do for one account. While it is open, further signals of its playbook join it.

    playbook: a key of `growth/playbooks.py`, which holds the words. subject: as the signal's.
    quantity: suggested seats. value: what they would add per `value_interval`, in minor units, estimated from the
    price list at Stripe; empty where the list names no price for so many.
    won_entry: the ledger entry by which it was won.
    """

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("Open")
        SNOOZED = "snoozed", _("Snoozed")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")
        DONE = "done", _("Done")

    LIVE = (State.OPEN, State.SNOOZED)

    public_id = PublicIdField("tsk")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    playbook = models.CharField(_("playbook"), max_length=24)
    pattern = models.CharField(_("pattern"), max_length=20, choices=Pattern, blank=True)
    subject = models.CharField(_("about"), max_length=40, blank=True)
    expands = models.BooleanField(_("about more seats"))
    owner = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    opened_at = models.DateTimeField(_("opened"))
    due_on = models.DateField(_("due"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    snoozed_until = models.DateField(_("snoozed until"), null=True, blank=True)
    quantity = models.PositiveIntegerField(_("suggested seats"), null=True, blank=True)
    value = models.BigIntegerField(_("estimated value"), null=True, blank=True)
    value_currency = models.CharField(_("currency"), max_length=3, blank=True)
    value_interval = models.CharField(_("per"), max_length=5, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    won_entry = models.ForeignKey(
        LedgerEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("won by")
    )

    class Meta:
        verbose_name = _("expansion task")
        verbose_name_plural = _("expansion tasks")
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "playbook", "subject"],
                condition=Q(state__in=["open", "snoozed"]),
                name="task_open_once",
            ),
            models.CheckConstraint(condition=~Q(state="won") | Q(won_entry__isnull=False), name="task_won_has_entry"),
            models.CheckConstraint(
                condition=~Q(state="snoozed") | Q(snoozed_until__isnull=False), name="task_snoozed_has_end"
            ),
            # A purchase is won by one task.
            models.UniqueConstraint(fields=["account", "won_entry"], name="task_won_once"),
        ]
        indexes = [
            models.Index(fields=["account", "-opened_at"], name="task_by_account"),
            models.Index(fields=["due_on"], condition=Q(state__in=["open", "snoozed"]), name="task_due"),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.playbook.replace('_', ' ')}"
