"""Roles and what they may do: the one table. Pure: no queries."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CAPABILITIES: dict[str, str | Promise] = {
    "seats.view": _("See seats and who holds them"),
    "seats.assign": _("Give, move and take seats"),
    "seats.buy": _("Buy seats and reduce them"),
    "members.manage": _("Invite people, change roles, remove people"),
    "requests.make": _("Ask for a seat"),
    "requests.decide": _("Approve or refuse requests"),
    "usage.view": _("See usage"),
    "usage.send": _("Send usage events"),
    "entitlements.check": _("Ask who may use the product"),
    "billing.view": _("See invoices and the plan"),
    "billing.manage": _("Change the plan and the card"),
    "policy.manage": _("Change the seat limit policy"),
    "account.manage": _("Change account settings"),
    "webhooks.manage": _("Manage webhooks, whose messages name people, seats and orders"),
    "keys.manage": _("Issue and revoke API keys"),
    "audit.view": _("See the audit trail"),
}

_ALL = frozenset(CAPABILITIES)
_ROLES: dict[str, frozenset[str]] = {
    "owner": _ALL,
    "admin": _ALL,
    "billing": frozenset(
        ["seats.view", "seats.buy", "billing.view", "billing.manage", "usage.view", "audit.view", "requests.make"]
    ),
    "team_manager": frozenset(["seats.view", "seats.assign", "usage.view", "requests.make", "requests.decide"]),
    "member": frozenset(["requests.make"]),
    "viewer": frozenset(["seats.view", "usage.view", "requests.make"]),
}


# These see or pay, and do not work with the product.
FREE_ROLES = frozenset(["billing", "viewer"])


def needs_seat(role: str) -> bool:
    """Whether somebody of this role is given a seat without being asked for; by hand anybody may have one."""
    return role not in FREE_ROLES


def capabilities_of(role: str) -> frozenset[str]:
    """What a role may do; an unknown role may do nothing."""
    return _ROLES.get(role, frozenset())


def roles_with(capability: str) -> frozenset[str]:
    """The roles that have a capability."""
    return frozenset(role for role, capabilities in _ROLES.items() if capability in capabilities)
