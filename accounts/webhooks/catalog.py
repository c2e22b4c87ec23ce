"""The events that there are, and what each says. Ids, numbers and codes, no words.

Data only grows: a field may be added, none changes or goes.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Schema = dict[str, Any]

TEST = "endpoint.test"

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
DAY: Schema = {"type": "string", "format": "date"}
MOMENT: Schema = {"type": "string", "format": "date-time"}


def shape(**fields: Schema) -> Schema:
    """An object of just these fields, all of them always there."""
    return {"type": "object", "required": list(fields), "properties": fields, "additionalProperties": False}


def maybe(schema: Schema) -> Schema:
    """Or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def listed(schema: Schema) -> Schema:
    """Any number of these."""
    return {"type": "array", "items": schema}


MEMBER = shape(id=TEXT, email=TEXT, name=TEXT, external_id=maybe(TEXT))
INVITATION = shape(id=TEXT, email=TEXT)
SEAT = shape(id=TEXT)
JOIN = shape(id=TEXT, email=TEXT, name=TEXT)
DOMAIN = shape(id=TEXT, name=TEXT)
REGION_POOL = shape(region=shape(id=TEXT, name=TEXT), seats=NUMBER)
POOL = shape(purchased=NUMBER, assigned=NUMBER, limit=NUMBER)
# Of kind purchase, member is who asked; quantity is null where one seat is asked for.
REQUEST = shape(request=shape(id=TEXT), member=MEMBER, reason=TEXT, answer=TEXT, kind=TEXT, quantity=maybe(NUMBER))
ORDER = shape(
    order=shape(id=TEXT, kind=TEXT, state=TEXT, seats_before=NUMBER, seats_after=NUMBER, error_code=maybe(TEXT)),
    amount=shape(due=NUMBER, currency=TEXT),
)
TRANCHE = shape(
    plan=shape(id=TEXT),
    tranche=shape(id=TEXT, state=TEXT, quantity=NUMBER, due_on=DAY, held_code=maybe(TEXT)),
    order_id=maybe(TEXT),
)
POLICY = shape(
    mode=TEXT,
    allowance=NUMBER,
    grace_days=NUMBER,
    complimentary=NUMBER,
    complimentary_until=maybe(DAY),
)


@dataclass(frozen=True)
class Kind:
    """One type of event: when it happens, for people; what stands in `data`."""

    says: str | Promise
    data: Schema


KINDS: dict[str, Kind] = {
    "seat.assigned": Kind(_("Somebody got a seat"), shape(seat=SEAT, member=MEMBER, reason=TEXT)),
    "seat.reserved": Kind(_("A seat is kept for an invitation"), shape(seat=SEAT, invitation=INVITATION, reason=TEXT)),
    "seat.reassigned": Kind(
        _("A seat moved to another person"),
        shape(seat=SEAT, **{"from": maybe(MEMBER), "to": MEMBER}, reason=TEXT),
    ),
    "seat.released": Kind(
        _("A seat is free again"),
        shape(seat=SEAT, member=maybe(MEMBER), invitation=maybe(INVITATION), because=TEXT, reason=TEXT),
    ),
    "seats.quantity_changed": Kind(
        _("The number of purchased seats changed"), shape(before=NUMBER, after=NUMBER, kind=TEXT, order_id=maybe(TEXT))
    ),
    "seats.limit_reached": Kind(_("The last seat was taken"), shape(pool=POOL)),
    "seats.limit_changed": Kind(_("The seat limit changed"), shape(before=POLICY, after=POLICY)),
    "seats.regions_changed": Kind(
        _("Seats were set aside for regions"), shape(before=listed(REGION_POOL), after=listed(REGION_POOL))
    ),
    "account.standing_changed": Kind(
        _("Seats stopped or started to work, or to be given"),
        shape(before=TEXT, after=TEXT, seats_work={"type": "boolean"}),
    ),
    "member.joined": Kind(_("A person joined"), shape(member=MEMBER, role=TEXT, invitation_id=maybe(TEXT))),
    "member.paused": Kind(
        _("A person was paused, and the seat is free"), shape(member=MEMBER, resumes_on=maybe(TEXT), reason=TEXT)
    ),
    "member.resumed": Kind(
        _("A pause ended; without a seat the person waits for one"), shape(member=MEMBER, seat=maybe(SEAT))
    ),
    "member.left": Kind(_("A person left or was removed"), shape(member=MEMBER)),
    "invitation.made": Kind(_("A person was invited"), shape(invitation=INVITATION, role=TEXT, ends_at=MOMENT)),
    "invitation.accepted": Kind(_("An invitation was accepted"), shape(invitation=INVITATION, member=MEMBER)),
    "invitation.revoked": Kind(_("An invitation was withdrawn"), shape(invitation=INVITATION)),
    "invitation.expired": Kind(_("An invitation expired"), shape(invitation=INVITATION)),
    "join.asked": Kind(_("A person asked to join by single sign-on"), shape(join=JOIN)),
    "join.approved": Kind(_("A request to join was approved"), shape(join=JOIN, member=MEMBER)),
    "join.refused": Kind(_("A request to join was refused"), shape(join=JOIN)),
    "domain.verified": Kind(_("An e-mail domain was proved"), shape(domain=DOMAIN)),
    "domain.lost": Kind(_("An e-mail domain's proof was lost"), shape(domain=DOMAIN)),
    "request.made": Kind(_("A person asked for a seat"), REQUEST),
    "request.approved": Kind(_("A request was approved"), REQUEST),
    "request.refused": Kind(_("A request was refused"), REQUEST),
    "request.withdrawn": Kind(_("A request was withdrawn"), REQUEST),
    "order.applied": Kind(_("A purchase was paid and its seats are there"), ORDER),
    "order.awaiting_payment": Kind(_("A purchase waits for its payment"), ORDER),
    "order.ended": Kind(_("A purchase ended without seats"), ORDER),
    "tranche.scheduled": Kind(_("Seats were scheduled, or what was agreed for them changed"), TRANCHE),
    "tranche.held": Kind(_("Scheduled seats wait: for use, or for a person"), TRANCHE),
    "tranche.bought": Kind(_("Scheduled seats were bought"), TRANCHE),
    "tranche.cancelled": Kind(_("Scheduled seats were cancelled"), TRANCHE),
}
