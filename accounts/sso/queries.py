"""Domains, connections and requests of an account, and whose single sign-on an address belongs to."""

from django.db.models import F, QuerySet

from accounts.models import Account, JoinRequest, MailDomain, SsoConnection, SsoPolicy
from accounts.sso.rules import domain_of


def domains_of(account: Account) -> QuerySet[MailDomain]:
    """All of them, by name."""
    return MailDomain.objects.filter(account=account).select_related("account", "added_by__user")


def verified_names(account: Account | int) -> frozenset[str]:
    """The domains whose addresses are the account's."""
    found = MailDomain.objects.filter(account=account, verified_at__isnull=False)
    return frozenset(found.values_list("name", flat=True))


def connections_of(account: Account) -> QuerySet[SsoConnection]:
    """All of them, the oldest first."""
    return SsoConnection.objects.filter(account=account).select_related("account").order_by("pk")


def living_ids(account: Account | int) -> frozenset[str]:
    """The connections that sign people in now."""
    found = SsoConnection.objects.filter(account=account, enabled_at__isnull=False)
    return frozenset(found.values_list("public_id", flat=True))


def connections_for(address: str) -> list[SsoConnection]:
    """The connections by which somebody of this address signs in; none where its domain has none."""
    owner = MailDomain.objects.filter(
        name=domain_of(address), verified_at__isnull=False, account__closed_at__isnull=True
    ).first()
    if owner is None:
        return []
    return list(
        SsoConnection.objects.filter(account=owner.account_id, enabled_at__isnull=False)
        .select_related("account")
        .order_by("pk")
    )


def policy_of(account: Account) -> SsoPolicy:
    """The account's policy; one that is not written down yet, with its defaults, where there is none."""
    return SsoPolicy.objects.filter(account=account).first() or SsoPolicy(account=account)


def join_requests_of(account: Account) -> QuerySet[JoinRequest]:
    """Those that wait, the oldest first, then refused ones; who was let in is among the people."""
    return (
        JoinRequest.objects.filter(account=account)
        .exclude(state=JoinRequest.State.APPROVED)
        .select_related("connection", "decided_by")
        .order_by(F("decided_at").desc(nulls_first=True), "asked_at", "pk")
    )
