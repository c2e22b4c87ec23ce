"""Something that a member asks the vendor to build."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Membership, User
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class FeatureRequest(Dated):
    """What, why and about what; what the vendor's staff say to it. Everybody in the account may read it."""

    class Tag(models.TextChoices):
        """What it is about. Single sign-on, admin controls and team management tell of an account that grows."""

        SSO = "sso", _("Single sign-on")
        ADMIN = "admin", _("Admin controls")
        TEAM = "team", _("Team management")
        OTHER = "other", _("Something else")

    class State(models.TextChoices):
        """What the vendor says."""

        NEW = "new", _("New")
        PLANNED = "planned", _("Planned")
        SHIPPED = "shipped", _("Shipped")
        DECLINED = "declined", _("Declined")

    public_id = PublicIdField("ftr")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(Membership, verbose_name=_("asked by"), on_delete=models.CASCADE, related_name="+")
    what = models.CharField(_("what"), max_length=120)
    why = models.CharField(_("why"), max_length=1000)
    tag = models.CharField(_("about"), max_length=8, choices=Tag)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.NEW)
    answer = models.CharField(_("answer"), max_length=300, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey(
        User, verbose_name=_("answered by"), on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("feature request")
        verbose_name_plural = _("feature requests")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="new", answered_at__isnull=True) | (~Q(state="new") & Q(answered_at__isnull=False)),
                name="feature_request_answered",
            )
        ]
        indexes = [
            models.Index(fields=["account", "-created_at"], name="feature_request_by_account"),
            # The sweep asks for what nobody has answered.
            models.Index(fields=["account", "tag"], condition=Q(state="new"), name="feature_request_open"),
        ]

    def __str__(self) -> str:
        return self.what
