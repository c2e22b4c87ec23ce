"""Members, invitations and the accounts of a user. Every query starts from an account or a user."""

from django.db.models import QuerySet

from accounts.models import Account, Invitation, Membership, Role, User


def members_of(account: Account) -> QuerySet[Membership]:
    """The people who are in the account now."""
    return Membership.objects.filter(account=account, left_at__isnull=True).select_related(
        "user", "department", "region"
    )


def membership_of(*, user: User, account_slug: str) -> Membership | None:
    """The user's place in an open account, or nothing."""
    return (
        Membership.objects.filter(
            user=user, account__slug=account_slug, left_at__isnull=True, account__closed_at__isnull=True
        )
        .select_related("account", "user", "department", "region")
        .first()
    )


def accounts_of(user: User) -> QuerySet[Account]:
    """The open accounts that the user is in, by name."""
    return Account.objects.filter(
        memberships__user=user, memberships__left_at__isnull=True, closed_at__isnull=True
    ).order_by("name", "pk")


def helpers_of(account: Account, *, roles: frozenset[str]) -> list[str]:
    """The names of those who can help with what one's own role does not allow, owners first, five at most."""
    people = members_of(account).filter(role__in=roles & {Role.OWNER, Role.ADMIN}).order_by("-role", "user__name")
    return [member.user.get_full_name() for member in people[:5]]


def open_invitations_of(account: Account) -> QuerySet[Invitation]:
    """Invitations that nobody has answered yet, the newest first."""
    return (
        Invitation.objects.filter(account=account, state=Invitation.State.OPEN)
        .select_related("department", "invited_by__user")
        .order_by("-created_at", "-pk")
    )
