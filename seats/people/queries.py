"""What became of a file."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count

from seats.models import ImportedPerson, PeopleImport


def tally_of(row: PeopleImport) -> dict[str, Any]:
    """outcomes and seats: how many rows have each, also where none has; one statement."""
    outcomes = dict.fromkeys(ImportedPerson.Outcome.values, 0)
    seats = dict.fromkeys(ImportedPerson.Seat.values, 0)
    found = row.people.order_by().values("outcome", "seat").annotate(number=Count("pk"))
    for one in found:
        outcomes[one["outcome"]] += one["number"]
        seats[one["seat"]] += one["number"]
    return {"outcomes": outcomes, "seats": seats}


def failed_rows(row: PeopleImport) -> Iterator[list[object]]:
    """The cells of each row that failed, its line and why, in the order of the file."""
    failed = row.people.filter(outcome=ImportedPerson.Outcome.FAILED).order_by("line")
    for one in failed.iterator():
        yield [*one.cells, one.line, one.text]
