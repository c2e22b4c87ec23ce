"""Put several people, members and invited ones, into other regions: all or none of them."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.access.actor import Actor
from accounts.audit.record_audit import audit_entry, record_audits
from accounts.errors import InvitationGone, MemberGone
from accounts.facts import invitation_moves, member_moves
from accounts.members.authority import authority_of
from accounts.members.rules import check_grant
from accounts.members.structure import hold_place
from accounts.models import Account, Invitation, Membership, Region

type Person = Membership | Invitation
type Move = tuple[Person, Region | None]


@transaction.atomic
def move_to_regions(*, account: Account, moves: Sequence[Move], actor: Actor, at: datetime) -> list[Move]:
    """Returns who belonged elsewhere, with where that was: moving those there takes the act back.

    Seats go along, if there is room. Locks regions, invitations, members; then whatever a seat needs.
    Raises BadSetting, InvitationGone, MemberGone, NotYours, and what refuses another region.
    """
    regions = {region.pk: region for _person, region in moves if region is not None}
    for pk in sorted(regions):
        hold_place(account, regions[pk], field="region")
    by = authority_of(account, actor)
    found = _lock(account, moves)
    moved: list[Move] = []
    for person, region in moves:
        row = found[type(person), person.pk]
        if row.region == region:
            continue
        if isinstance(row, Membership):
            member_moves.send(sender=Membership, membership=row, region=region, at=at)
        else:
            check_grant(by=by, role=row.role)
            invitation_moves.send(sender=Invitation, invitation=row, region=region, at=at)
        moved.append((row, row.region))
        # One by one: the next one's room is counted with this one in it.
        type(row)._default_manager.filter(pk=row.pk).update(region=region)
    record_audits(
        [
            audit_entry(
                account=account,
                actor=actor,
                action="member.changed" if isinstance(row, Membership) else "invitation.changed",
                target=row.public_id,
                summary=row.user.get_full_name() if isinstance(row, Membership) else row.email,
                region={"before": str(before or ""), "after": str(dict(moves)[row] or "")},
            )
            for row, before in moved
        ]
    )
    return moved


def _lock(account: Account, moves: Sequence[Move]) -> dict[tuple[type[Person], int], Person]:
    invited = {person.pk for person, _region in moves if isinstance(person, Invitation)}
    members = {person.pk for person, _region in moves if isinstance(person, Membership)}
    invitations = list(
        Invitation.objects.select_for_update(of=("self",))
        .select_related("region")
        .filter(account=account, pk__in=invited, state=Invitation.State.OPEN)
        .order_by("pk")
    )
    if len(invitations) != len(invited):
        raise InvitationGone
    people = list(
        Membership.objects.select_for_update(no_key=True, of=("self",))
        .select_related("user", "region")
        .filter(account=account, pk__in=members, left_at__isnull=True)
        .order_by("pk")
    )
    if len(people) != len(members):
        raise MemberGone
    found: list[Person] = [*invitations, *people]
    return {(type(row), row.pk): row for row in found}
