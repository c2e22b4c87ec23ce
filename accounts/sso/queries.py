"""Domains, connections and requests of an account, and whose single sign-on an address belongs to."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import (
    Account,
    DirectoryPerson,
    Invitation,
    JoinRequest,
    MailDomain,
    Membership,
    SsoConnection,
    SsoPolicy,
)
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


def members_who_came_as(account: Account, email: str) -> list[int | None]:
    """Memberships, also ended ones, that began with an invitation or a request of the address."""
    invited = Invitation.objects.filter(account=account, email=email, accepted_by__isnull=False)
    asked = JoinRequest.objects.filter(account=account, email=email, membership__isnull=False)
    return [*invited.values_list("accepted_by", flat=True), *asked.values_list("membership", flat=True)]


def addresses_noted(membership: Membership) -> set[str]:
    """The addresses under which the account itself knows the person: as invited, as let in, as its directory says, and
    those of its domains that they took off their sign-in.

    Unlike the sign-in's own, nobody changes them for themselves.
    """
    invited = Invitation.objects.filter(account=membership.account_id, accepted_by=membership)
    asked = JoinRequest.objects.filter(account=membership.account_id, membership=membership)
    told = DirectoryPerson.objects.filter(account=membership.account_id, user=membership.user_id)
    return {
        *membership.former_addresses,
        *invited.values_list("email", flat=True),
        *asked.values_list("email", flat=True),
        *(str(one.get("key", "")) for emails in told.values_list("emails", flat=True) for one in emails),
    }


def policy_of(account: Account) -> SsoPolicy:
    """The account's policy; one that is not written down yet, with its defaults, where there is none."""
    return SsoPolicy.objects.filter(account=account).first() or SsoPolicy(account=account)


def waiting_joins(account: Account) -> QuerySet[JoinRequest]:
    """Those that nobody decided yet."""
    return JoinRequest.objects.filter(account=account, state=JoinRequest.State.OPEN)


def member_at(account: Account, email: str) -> bool:
    """Whether a present member has the address."""
    theirs = Q(user__email=email) | Q(user__emailaddress__email__iexact=email, user__emailaddress__verified=True)
    return Membership.objects.filter(theirs, account=account, left_at__isnull=True).exists()


def joins_of(account: Account, *, state: str = "") -> QuerySet[JoinRequest]:
    """All that ever asked, or those in one state.

    member_now: nobody was let in for it yet, and a present member has the address: the provider names somebody else by
    it, or them by a new id.
    """
    theirs = Q(user__email=OuterRef("email")) | Q(
        user__emailaddress__email__iexact=OuterRef("email"), user__emailaddress__verified=True
    )
    members = Membership.objects.filter(theirs, account=account, left_at__isnull=True)
    found = (
        JoinRequest.objects.filter(account=account)
        .select_related("connection", "decided_by", "membership")
        .annotate(member_now=Exists(members) & ~Q(state=JoinRequest.State.APPROVED))
    )
    return found.filter(state=state) if state else found


def join_requests_of(account: Account) -> QuerySet[JoinRequest]:
    """Those that wait, the oldest first, then refused ones; who was let in is among the people."""
    refused_last = F("decided_at").desc(nulls_first=True)
    return joins_of(account).exclude(state=JoinRequest.State.APPROVED).order_by(refused_last, "asked_at", "pk")
