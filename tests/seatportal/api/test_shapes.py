"""Lists are written without REST framework's loop; what comes out is what it would have written."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Never

import pytest
from django.core.exceptions import ObjectDoesNotExist
from rest_framework import serializers

from seatportal.api.fields import Moment
from seatportal.api.shapes import shaped


class PlaceShape(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    size = serializers.IntegerField(required=False)


class RowShape(serializers.Serializer[Any]):
    """One field of each way to be read."""

    name = serializers.CharField(source="get_name")
    role = serializers.ChoiceField(choices=["member", "admin"])
    place = PlaceShape(allow_null=True)
    places = PlaceShape(many=True)
    inside = serializers.CharField(source="place.public_id", allow_null=True)
    missing = serializers.CharField(source="place.nothing", default="none")
    optional = serializers.CharField(source="not_there", required=False)
    kept = serializers.CharField(source="data.items")
    gone = serializers.CharField(source="lost", allow_null=True)
    since = Moment(allow_null=True)
    said = serializers.SerializerMethodField()
    whole = PlaceShape(source="*")
    secret = serializers.CharField(write_only=True)

    def get_said(self, row: Any) -> str:
        return f"{row.role}!"


@dataclass
class Place:
    public_id: str


@dataclass
class Row:
    public_id: str
    role: str = "member"
    place: Place | None = None
    places: list[Place] = field(default_factory=list)
    data: dict[str, str] = field(default_factory=lambda: {"items": "three"})
    since: Any = None

    def get_name(self) -> str:
        return f"Name of {self.public_id}"

    @property
    def lost(self) -> Never:
        raise ObjectDoesNotExist


MOMENT = datetime(2026, 4, 16, 14, 0, 0, 120, timezone(timedelta(hours=2)))
ROWS = [
    Row("one"),
    Row("two", "admin", Place("berlin"), [Place("a"), Place("b")], since=MOMENT),
    Row("three", since=MOMENT.isoformat()),
    Row("four", since=MOMENT.astimezone(UTC)),
]


def test_rows_are_written_as_the_framework_writes_them() -> None:
    found = shaped(ROWS, RowShape)

    assert found == [dict(row) for row in RowShape(ROWS, many=True).data]
    assert found[1] == {
        "name": "Name of two",
        "role": "admin",
        "place": {"id": "berlin"},
        "places": [{"id": "a"}, {"id": "b"}],
        "inside": "berlin",
        "missing": "none",
        "kept": "three",
        "gone": None,
        "since": "2026-04-16T12:00:00.000120Z",
        "said": "admin!",
        "whole": {"id": "two"},
    }
    assert [row["since"] for row in found] == [None, *["2026-04-16T12:00:00.000120Z"] * 3]


def test_rows_may_be_mappings() -> None:
    rows = [{"public_id": "one", "size": 3}, {"public_id": "two"}]

    assert shaped(rows, PlaceShape) == [{"id": "one", "size": 3}, {"id": "two"}]


def test_a_field_that_is_nowhere_is_a_mistake_of_ours() -> None:
    with pytest.raises(AttributeError, match="PlaceShape"):
        shaped([object()], PlaceShape)
