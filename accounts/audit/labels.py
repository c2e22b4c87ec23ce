"""Actions of the trail in the reader's words. Apps above add theirs in AppConfig.ready()."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS: dict[str, str | Promise] = {
    "account.opened": _("Account opened"),
    "account.changed": _("Account settings changed"),
    "member.joined": _("Person joined"),
    "member.left": _("Person removed"),
    "member.role_changed": _("Role changed"),
    "member.changed": _("Person's details changed"),
    "invitation.made": _("Invitation sent"),
    "invitation.changed": _("Invitation changed"),
    "invitation.resent": _("Invitation sent again"),
    "invitation.revoked": _("Invitation withdrawn"),
    "invitation.reopened": _("Withdrawal of an invitation undone"),
    "invitation.expired": _("Invitation expired"),
    "department.added": _("Department added"),
    "department.renamed": _("Department renamed"),
    "department.deleted": _("Department deleted"),
    "region.added": _("Region added"),
    "region.renamed": _("Region renamed"),
    "region.deleted": _("Region deleted"),
    "region.changed": _("Region's details changed"),
    "api_key.issued": _("API key issued"),
    "api_key.revoked": _("API key revoked"),
    "directory.connected": _("Directory connected"),
    "directory.rotated": _("Directory token changed"),
    "directory.revoked": _("Directory disconnected"),
    "directory.person_added": _("Person added by the directory"),
    "directory.person_changed": _("Person changed by the directory"),
    "directory.person_deleted": _("Person deleted by the directory"),
    "domain.added": _("E-mail domain added"),
    "domain.verified": _("E-mail domain proved"),
    "domain.lost": _("E-mail domain's proof lost"),
    "domain.removed": _("E-mail domain removed"),
    "sso.added": _("Single sign-on connection added"),
    "sso.changed": _("Single sign-on connection changed"),
    "sso.tested": _("Single sign-on connection tested"),
    "sso.on": _("Single sign-on connection switched on"),
    "sso.off": _("Single sign-on connection switched off"),
    "sso.deleted": _("Single sign-on connection deleted"),
    "sso.policy_changed": _("Sign-in rules changed"),
    "join.asked": _("Person asked to join"),
    "join.approved": _("Request to join approved"),
    "join.refused": _("Request to join refused"),
    "webhook.added": _("Webhook endpoint added"),
    "webhook.changed": _("Webhook endpoint changed"),
    "webhook.rotated": _("Webhook secret rotated"),
    "webhook.on": _("Webhook endpoint switched on"),
    "webhook.off": _("Webhook endpoint switched off"),
    "webhook.deleted": _("Webhook endpoint deleted"),
    "webhook.tested": _("Test event sent"),
    "webhook.replayed": _("Webhook event sent again"),
    "webhook.missed_replayed": _("Given-up webhook events sent again"),
    "impersonation.started": _("Staff began to view as a customer"),
    "impersonation.ended": _("Staff stopped viewing as a customer"),
}


def label_of(action: str) -> str:
    """The words for an action; an unknown one is written out."""
    return str(LABELS.get(action) or action.replace(".", " ").replace("_", " ").capitalize())
