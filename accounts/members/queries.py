"""Members, invitations and the accounts of a user. Every query starts from an account or a user."""

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.errors import BadSetting
from accounts.members.structure import KINDS
from accounts.models import Account, Department, Invitation, Membership, Region, Role, User


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
        .select_related("account__sso", "user", "department", "region")
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
        .select_related("department", "region", "invited_by__user")
        .order_by("-created_at", "-pk")
    )


def invitations_of(account: Account, *, state: str = "") -> QuerySet[Invitation]:
    """All invitations, or those in one state."""
    found = Invitation.objects.filter(account=account).select_related("department", "region", "accepted_by")
    return found.filter(state=state) if state else found


def places_of(account: Account, kind: str) -> QuerySet[Any]:
    """Departments or regions with `people`, how many members belong to each."""
    people = Count("memberships", filter=Q(memberships__left_at__isnull=True))
    return KINDS[kind].objects.filter(account=account).annotate(people=people)


def place_named[P: (Department, Region)](account: Account, kind: type[P], public_id: str | None) -> P | None:
    """The account's department or region of that id; nothing for none. Raises BadSetting with the field."""
    if public_id is None:
        return None
    found = kind._default_manager.filter(account=account, public_id=public_id).first()
    if found is None:
        raise BadSetting(_("There is none with this id in the account."), field=f"{kind.__name__.lower()}_id")
    return found


def member_named(account: Account, public_id: str | None) -> Membership | None:
    """A present member of the account by id, None for None. Raises BadSetting, at `manager_id`."""
    if public_id is None:
        return None
    found = members_of(account).filter(public_id=public_id).first()
    if found is None:
        raise BadSetting(_("Nobody in the account has this id."), field="manager_id")
    return found
