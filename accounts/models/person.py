"""Somebody whom a directory names, with or without a sign-in here."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from accounts.models.department import Department, Region
from accounts.models.user import User
from seatportal.kit.ids import PublicIdField
from seatportal.kit.models import Dated


class DirectoryPerson(Dated):
    """A directory's own words about one person of an account; a SCIM user.

    The words stand apart from the sign-in, which other accounts may share. `user` is empty while no e-mail address is
    known. `active` is what the directory said last: a person who is active here and in no membership was removed in
    the portal, and stays out until the directory takes them out and in again (ADR 36).
    """

    public_id = PublicIdField("per")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    user_name = models.CharField(_("name at the directory"), max_length=254)
    external_id = models.CharField(_("id at the directory"), max_length=128, blank=True)
    given_name = models.CharField(_("given name"), max_length=80, blank=True)
    family_name = models.CharField(_("family name"), max_length=80, blank=True)
    full_name = models.CharField(_("full name"), max_length=150, blank=True)
    display_name = models.CharField(_("name shown"), max_length=150, blank=True)
    emails = models.JSONField(
        _("e-mail addresses"),
        default=list,
        blank=True,
        help_text=_("Each with value, type and primary; key is the value in lower case."),
    )
    title = models.CharField(_("title"), max_length=80, blank=True)
    department = models.ForeignKey(Department, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    manager = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    region = models.ForeignKey(Region, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    active = models.BooleanField(
        _("active at the directory"), null=True, default=True, help_text=_("Unsaid counts as active.")
    )
    made_sign_in = models.BooleanField(
        _("made the sign-in"), default=False, help_text=_("Only then may the directory change its name and address.")
    )
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("person at a directory")
        verbose_name_plural = _("people at a directory")
        constraints = [
            models.UniqueConstraint(F("account"), Upper("user_name"), name="person_user_name_once"),
            models.UniqueConstraint(fields=["account", "user"], name="person_sign_in_once"),
            models.UniqueConstraint(
                fields=["account", "external_id"], condition=~Q(external_id=""), name="person_external_id_once"
            ),
        ]

    def __str__(self) -> str:
        return self.user_name
