"""One usage event as integrators send it: its shape, and what is wrong with one that does not fit. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from django.utils.translation import gettext as _
from msgspec import UNSET, Meta, UnsetType

AHEAD = timedelta(minutes=10)
LONGEST = {"id": 64, "user": 254, "feature": 60, "outcome": 40, "device": 200, "network": 200}
REQUIRED = ("id", "user", "feature", "occurred_at")
MOST_QUANTITY = 1_000_000_000

type Name = Annotated[str, Meta(min_length=1, max_length=LONGEST["device"])]


class Place(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where a device was, in degrees. Kept as whole degrees, about 100 km."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class Event(msgspec.Struct, forbid_unknown_fields=True):
    """id: the sender's, at most once per account; a UUIDv7 serves best, as it grows with time. user: our member id,
    an e-mail address or the id elsewhere. occurred_at: RFC 3339 with offset. device, network: hashed at the door."""

    id: Annotated[str, Meta(min_length=1, max_length=LONGEST["id"])]
    user: Annotated[str, Meta(min_length=1, max_length=LONGEST["user"])]
    feature: Annotated[str, Meta(min_length=1, max_length=LONGEST["feature"])]
    occurred_at: Annotated[datetime, Meta(tz=True)]
    outcome: Annotated[str, Meta(max_length=LONGEST["outcome"])] = ""
    quantity: Annotated[int, Meta(ge=1, le=MOST_QUANTITY)] = 1
    device: Name | UnsetType = UNSET
    network: Name | UnsetType = UNSET
    place: Place | UnsetType = UNSET


@dataclass(frozen=True)
class Refusal:
    """Why one event was not taken. code: stable. field: which one, or empty. text: what to do, translated."""

    code: str
    text: str
    field: str = ""


def read_event(raw: bytes | msgspec.Raw) -> Event | Refusal:
    """One event from its JSON text."""
    try:
        event = _decoder.decode(raw)
    except msgspec.DecodeError as error:  # a ValidationError is one too
        return _why(raw, error)
    return event if _clean(event) else Refusal("invalid_text", _("Text must not hold control characters."))


def read_events(body: bytes) -> list[Event | Refusal]:
    """A JSON array of events, each judged alone. Raises msgspec.DecodeError when the body is no JSON array."""
    if b"\\u0000" not in body:
        try:
            return list(_all.decode(body))
        except msgspec.ValidationError:
            pass  # some do not fit: look at each
    return [read_event(raw) for raw in _each.decode(body)]


def timely(event: Event, *, earliest: datetime, latest: datetime) -> Refusal | None:
    """Refuses an event from before the time that is kept, and one from the future."""
    if event.occurred_at > latest:
        text = _("The time lies ahead. Check the sender's clock; at most ten minutes are tolerated.")
        return Refusal("in_the_future", text, "occurred_at")
    if event.occurred_at < earliest:
        return Refusal("too_old", _("The time lies before the period for which events are kept."), "occurred_at")
    return None


def _clean(event: Event) -> bool:
    texts = (event.id, event.user, event.feature, event.outcome)
    return not any("\0" in text for text in texts)


def _why(raw: bytes | msgspec.Raw, error: msgspec.DecodeError) -> Refusal:
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return Refusal("malformed", _("This is not valid JSON."))
    if not isinstance(found, Mapping):
        return Refusal("malformed", _("An event is a JSON object."))
    for name in REQUIRED:
        if name not in found:
            return Refusal("missing_field", _("The field %(field)s is missing.") % {"field": name}, name)
    for name in found:
        if name not in Event.__struct_fields__:
            return Refusal("unknown_field", _("The field %(field)s is not known here.") % {"field": name}, str(name))
    name = _named(str(error))
    return Refusal("invalid_field", _rule(name), name)


def _named(message: str) -> str:
    """The field at the end of msgspec's path, such as `$.place.latitude`."""
    path = message.rpartition("`$")[2].strip("`").strip(".")
    return path if path.partition(".")[0] in Event.__struct_fields__ else ""


def _rule(name: str) -> str:
    """What a field takes."""
    if name in LONGEST:
        return _("Send text of 1 to %(most)d characters.") % {"most": LONGEST[name]}
    if name == "occurred_at":
        return _("Send a time with its offset, such as 2026-04-16T12:00:00Z.")
    if name == "quantity":
        return _("Send a whole number from 1 to 1,000,000,000.")
    return _("Send latitude (-90 to 90) and longitude (-180 to 180) as numbers, and nothing else.")


_decoder = msgspec.json.Decoder(Event)
_all = msgspec.json.Decoder(list[Event])
_each = msgspec.json.Decoder(list[msgspec.Raw])
