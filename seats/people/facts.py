"""What an account knows about the people of a file: a bounded number of statements, however many they are."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from accounts.access.actor import Actor
from accounts.members.authority import authority_of
from accounts.members.queries import members_of, open_invitations_of
from accounts.models import Account, Department, Invitation, Membership, Region, Role
from seats.holders.queries import open_seats, waiting_in
from seats.models import Pause


@dataclass
class Facts:
    """Addresses are in lower case. by: the role to judge by. owners: how many the account has.

    departments, regions: by their name in small letters. external_ids: whose address each belongs to.
    bosses: who reports to whom, for members whose manager is known. in_file: every address of the file.
    paused: members whom an admin paused. ended: invitations that ran out and are not closed yet; held_by_ended: the
    keys of those that still hold a seat.
    """

    by: str
    owners: int
    members: dict[str, Membership]
    invitations: dict[str, Invitation]
    seated: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    departments: dict[str, Department] = field(default_factory=dict)
    regions: dict[str, Region] = field(default_factory=dict)
    external_ids: dict[str, str] = field(default_factory=dict)
    bosses: dict[str, str] = field(default_factory=dict)
    in_file: frozenset[str] = frozenset()
    paused: set[str] = field(default_factory=set)
    ended: dict[str, Invitation] = field(default_factory=dict)
    held_by_ended: set[int] = field(default_factory=set)


def load_facts(
    account: Account,
    emails: Collection[str],
    *,
    external_ids: Collection[str] = (),
    in_file: frozenset[str],
    hierarchy: bool,
    actor: Actor,
    at: datetime,
) -> Facts:
    """emails: of the rows and of the managers they name. hierarchy: whether rings among managers are looked for.

    Raises NotYours when the actor is in the account no more.
    """
    members = {
        member.user.email: member
        for member in members_of(account).select_related("manager__user").filter(user__email__in=emails)
    }
    found = list(open_invitations_of(account).filter(email__in=emails))
    invitations = {one.email: one for one in found if one.expires_at > at}
    ended = {one.email: one for one in found if one.expires_at <= at}
    of_member = {member.pk: email for email, member in members.items()}
    of_invitation = {one.pk: email for email, one in invitations.items()}
    seats = open_seats(account).select_related(None).filter(membership__in=of_member)
    held = seats.values_list("membership_id", flat=True)
    reserved = set(
        open_seats(account)
        .select_related(None)
        .filter(membership=None, invitation__in=[one.pk for one in found])
        .values_list("invitation_id", flat=True)
    )
    pauses = Pause.objects.filter(account=account, membership__in=of_member, ended_at__isnull=True)
    places = waiting_in(account).filter(Q(membership__in=of_member) | Q(invitation__in=of_invitation))
    known = members_of(account).filter(external_id__in=external_ids) if external_ids else Membership.objects.none()
    return Facts(
        by=authority_of(account, actor),
        owners=members_of(account).filter(role=Role.OWNER).count(),
        members=members,
        invitations=invitations,
        seated={of_member[pk] for pk in held if pk} | {of_invitation[pk] for pk in reserved if pk in of_invitation},
        waiting={
            of_member[member] if member else of_invitation[invited or 0]
            for member, invited in places.values_list("membership_id", "invitation_id")
        },
        departments={place.name.casefold(): place for place in Department.objects.filter(account=account)},
        regions={place.name.casefold(): place for place in Region.objects.filter(account=account)},
        external_ids=dict(known.values_list("external_id", "user__email")),
        bosses=_bosses(account) if hierarchy else {},
        in_file=in_file,
        paused={of_member[pk] for pk in pauses.values_list("membership_id", flat=True)},
        ended=ended,
        held_by_ended={one.pk for one in ended.values() if one.pk in reserved},
    )


def _bosses(account: Account) -> dict[str, str]:
    found = Membership.objects.filter(account=account, left_at__isnull=True, manager__isnull=False)
    return {email: boss for email, boss in found.values_list("user__email", "manager__user__email") if boss}
