"""POST /api/v1/usage-events: what people did, in batches or as a stream."""

from collections import Counter
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import batched
from typing import Any, BinaryIO, cast

import msgspec
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Account
from seatportal.api.fields import Input
from seatportal.api.schema import operation
from seatportal.api.throttling import UsageThrottle
from seatportal.api.view import ApiView, BodyTooLarge
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seats.models import UsageSettings
from seats.usage.event import LONGEST, MOST_QUANTITY, Event, Refusal, read_event, read_events
from seats.usage.ingest_events import ACCEPTED, DUPLICATE, MOST_EVENTS, Verdict, ingest_events
from seats.usage.sender import Sender

BATCH_BYTES = 2_500_000
LINE_BYTES = 8_000
MOST_LINES = 100_000
STREAM_BYTES = 64_000_000
JSON, LINES = "application/json", "application/x-ndjson"


class MalformedBody(PortalError):
    """Not JSON, or not an array."""

    code, status = "malformed_body", 400
    message = _("Send a JSON array of events, or one event per line as application/x-ndjson.")


class TooManyEvents(PortalError):
    """More than one request takes."""

    code, status = "too_many_events", 413
    message = _("This is more than one request takes. Send the rest in further requests; nothing is counted twice.")


class NoEventAccepted(PortalError):
    """Every event was refused, so a client that looks at the status alone must not take it for success."""

    code, status = "no_event_accepted", 422
    message = _("None of the events could be taken. Each rejection says why.")


class PlaceInput(Input):
    """Degrees, kept as whole ones."""

    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)


class UsageEventSerializer(Input):
    """One action of one person. It is read by msgspec; this is its description."""

    id = serializers.CharField(
        max_length=LONGEST["id"],
        help_text="Yours, and new for each event: the same id is counted once. A UUIDv7 serves best.",
    )
    user = serializers.CharField(
        max_length=LONGEST["user"], help_text="A member's id, an e-mail address, or the person's id in your systems."
    )
    feature = serializers.CharField(max_length=LONGEST["feature"])
    occurred_at = serializers.DateTimeField(help_text="With its offset from UTC.")
    outcome = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST["outcome"])
    quantity = serializers.IntegerField(required=False, min_value=1, max_value=MOST_QUANTITY)
    device = serializers.CharField(required=False, max_length=LONGEST["device"], help_text="Hashed on arrival.")
    network = serializers.CharField(
        required=False, max_length=LONGEST["network"], help_text="An IP address; hashed on arrival."
    )
    place = PlaceInput(required=False)


class RejectionSerializer(serializers.Serializer[Any]):
    """Why one event was not taken."""

    index = serializers.IntegerField(help_text="Its position in the request, from 0.")
    code = serializers.CharField()
    field = serializers.CharField(allow_blank=True)
    message = serializers.CharField()


class VerdictsSerializer(serializers.Serializer[Any]):
    """What became of the events, in their order."""

    accepted = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    rejected = serializers.IntegerField()
    verdicts = serializers.ListField(child=serializers.ChoiceField(choices=[ACCEPTED, DUPLICATE, "rejected"]))
    rejections = RejectionSerializer(many=True)


class UsageEvents(ApiView):
    """POST /api/v1/usage-events"""

    required_capability = "usage.send"
    throttle_classes = [UsageThrottle]
    most_bytes = STREAM_BYTES  # of lines; an array has its own limit

    @operation(
        "sendUsageEvents",
        tag="usage",
        summary="Report what people did",
        body={"application/json": UsageEventSerializer(many=True), "application/x-ndjson": UsageEventSerializer},
        answers={200: VerdictsSerializer},
        problems=[MalformedBody, TooManyEvents, BodyTooLarge, NoEventAccepted],
    )
    def post(self, request: Request) -> Response:
        """Up to 1,000 events as an array, or up to 100,000 as lines (`application/x-ndjson`). The answer means that
        the accepted ones are kept and counted. Send a batch again whenever you are unsure: an id counts once."""
        return Response(take(request._request, self.account))


def take(
    request: HttpRequest, account: Account, *, settings: UsageSettings | None = None, known: Sender | None = None
) -> dict[str, Any]:
    """Take the body's events in; returns the answer. settings, known: as for `ingest_events`; known for arrays only.

    Raises what the operation names as its problems, and UnsupportedMediaType.
    """
    batches = _stream(_lines(_body(request))) if _is_lines(request) else _array(_body(request))
    verdicts: list[Verdict] = []
    try:
        for events in batches:
            verdicts += ingest_events(account=account, events=events, at=now(), settings=settings, known=known)
    except (TooManyEvents, BodyTooLarge) as error:
        # What came before is kept and counted; the caller hears how much that was.
        raise type(error)(**_answer(verdicts)) from error
    if verdicts and all(isinstance(verdict, Refusal) for verdict in verdicts):
        raise NoEventAccepted(**_answer(verdicts))
    return _answer(verdicts)


def _is_lines(request: HttpRequest) -> bool:
    """Raises UnsupportedMediaType for anything but JSON and lines of it."""
    kind = (request.content_type or "").lower()
    if kind not in ("", JSON, LINES):
        raise UnsupportedMediaType(kind)
    return kind == LINES


def _body(request: HttpRequest) -> BinaryIO:
    """The body as it comes. Django reads by Content-Length only; a server that ends chunked bodies itself says so."""
    if hasattr(request, "_body"):
        return BytesIO(request.body)  # read already, and perhaps not for the first time
    environ = request.META
    chunked = "chunked" in str(environ.get("HTTP_TRANSFER_ENCODING", "")).lower()
    if chunked and environ.get("wsgi.input_terminated"):
        return cast(BinaryIO, environ["wsgi.input"])
    return cast(BinaryIO, request)


def _array(stream: BinaryIO) -> Iterator[list[Event | Refusal]]:
    body = stream.read(BATCH_BYTES + 1)
    if len(body) > BATCH_BYTES:
        raise BodyTooLarge
    try:
        events = read_events(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise MalformedBody from error
    if len(events) > MOST_EVENTS:
        raise TooManyEvents
    yield events


def _stream(lines: Iterable[bytes]) -> Iterator[list[Event | Refusal]]:
    for number, batch in enumerate(batched(lines, MOST_EVENTS, strict=False)):
        if number * MOST_EVENTS >= MOST_LINES:
            raise TooManyEvents
        yield [read_event(line) for line in batch]


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines that hold something. What is longer than an event can be is cut, and refused as malformed."""
    left = STREAM_BYTES
    while line := stream.readline(LINE_BYTES):
        left -= len(line)
        if left < 0:
            raise BodyTooLarge
        rest = line
        while not rest.endswith(b"\n") and (rest := stream.readline(LINE_BYTES)):
            left -= len(rest)
        if text := line.strip():
            yield text


def _answer(verdicts: list[Verdict]) -> dict[str, Any]:
    words = ["rejected" if isinstance(verdict, Refusal) else verdict for verdict in verdicts]
    counts = Counter(words)
    return {
        "accepted": counts[ACCEPTED],
        "duplicate": counts[DUPLICATE],
        "rejected": counts["rejected"],
        "verdicts": words,
        "rejections": [
            {"index": index, "code": verdict.code, "field": verdict.field, "message": verdict.text}
            for index, verdict in enumerate(verdicts)
            if isinstance(verdict, Refusal)
        ],
    }
