"""People as integrators name them: a member's id, or an e-mail address."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.errors import BadAddress
from accounts.members.queries import members_of, place_named
from accounts.models import Account, Department, Membership
from seatportal.api.view import ApiView
from seats.errors import AlreadySeated, NotAMember, TooManyPeople
from seats.holders.queries import open_seats


def named_people(
    account: Account, names: Sequence[str], *, room: int, field: str
) -> tuple[list[Membership], list[str]]:
    """Members without a seat, and addresses to invite. room: seats that there will be.

    Raises TooManyPeople, NotAMember, BadAddress, AlreadySeated, each with `field`.
    """
    wanted = list(dict.fromkeys(name.strip().lower() for name in names))
    if len(wanted) > room:
        text = ngettext_lazy(
            "There will be %(count)d seat to give. Name no more people than that.",
            "There will be %(count)d seats to give. Name no more people than that.",
            room,
        )
        raise TooManyPeople(text % {"count": room}, field=field, room=room)
    people = members_of(account)
    found = people.filter(public_id__in=wanted) | people.filter(user__email__in=wanted)
    members = {key: member for member in found for key in (member.public_id, member.user.email)}
    strangers = [name for name in wanted if name not in members]
    for name in strangers:
        check_address(name, field=field)
    meant = list({members[name].pk: members[name] for name in wanted if name in members}.values())
    sitting = open_seats(account).filter(membership__in=meant).first()
    if sitting is not None and sitting.membership is not None:
        raise AlreadySeated(_("%(name)s already has a seat.") % {"name": sitting.membership.user}, field=field)
    return meant, strangers


def department_of(view: ApiView, public_id: str | None) -> Department | None:
    """The department with this id. Raises BadSetting where the account has none."""
    return place_named(view.account, Department, public_id)


def check_address(name: str, *, field: str) -> None:
    """Nobody here: then it has to be an address, to which an invitation can go."""
    if "@" not in name:
        raise NotAMember(_("There is no member with the id %(id)s.") % {"id": name}, field=field)
    try:
        validate_email(name)
    except ValidationError as error:
        raise BadAddress(field=field) from error
