"""Who approves a purchase: the account's chain, and the people behind each of its steps."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from accounts.models import Account, Membership, Role
from billing.models import ApprovalStep

# Whose word counts where a step names a role; an owner may do what an admin may.
ROLES: dict[str, tuple[str, ...]] = {
    ApprovalStep.Role.TEAM_MANAGER: (Role.TEAM_MANAGER,),
    ApprovalStep.Role.BILLING: (Role.BILLING,),
    ApprovalStep.Role.ADMIN: (Role.ADMIN, Role.OWNER),
    ApprovalStep.Role.OWNER: (Role.OWNER,),
}
LAST_RESORT = (Role.ADMIN, Role.OWNER)


@dataclass(frozen=True)
class Step:
    """One step. people: keys of memberships that are named. from_amount: minor units."""

    position: int
    role: str
    people: frozenset[int]
    from_amount: int

    @property
    def label(self) -> str:
        """The role in words."""
        return str(ApprovalStep.Role(self.role).label)


# Where an account set no chain.
USUAL = Step(position=1, role=ApprovalStep.Role.ADMIN, people=frozenset(), from_amount=0)


def chain_of(account: Account) -> list[Step]:
    """The account's own steps in order; empty where it set none. At least one is for all amounts."""
    rows = ApprovalStep.objects.filter(account=account).prefetch_related("people").order_by("position")
    return [
        Step(row.position, row.role, frozenset(person.pk for person in row.people.all()), row.from_amount)
        for row in rows
    ]


def needed(steps: Sequence[Step], *, amount: int) -> list[Step]:
    """The steps that a purchase of so much takes, minor units. Pure."""
    return [step for step in steps or (USUAL,) if step.from_amount <= max(amount, 0)]


def people_behind(
    *,
    account: Account,
    role: str,
    people: Collection[int] = (),
    department_id: int | None = None,
    without: int | None = None,
) -> list[Membership]:
    """Who may decide a step now. without: the user who asked, since nobody approves their own request.

    The named ones who are still members; else those with the role, team managers those of the department first; else,
    where the role is held by nobody else, admins and owners. Empty: nobody but the asker could.
    """
    members = Membership.objects.filter(account=account, left_at__isnull=True, user__is_active=True)
    members = members.select_related("user").order_by("pk")
    if without is not None:
        members = members.exclude(user_id=without)
    named = list(members.filter(pk__in=people)) if people else []
    if named:
        return named
    holders = list(members.filter(role__in=ROLES[role]))
    if role == ApprovalStep.Role.TEAM_MANAGER and department_id is not None:
        holders = [one for one in holders if one.department_id == department_id] or holders
    return holders or list(members.filter(role__in=LAST_RESORT))


def names_of_first(account: Account, *, amount: int, without: int | None) -> Sequence[str]:
    """Names of those whom a purchase of so much goes to first. without: the user who asks."""
    step = needed(chain_of(account), amount=amount)[0]
    found = people_behind(account=account, role=step.role, people=step.people, without=without)
    return [one.user.get_full_name() for one in found]
