"""What an invariant is: a numbered sentence with the query that finds what breaks it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Invariant:
    """One of the 18 invariants of payments.md §11.2, or the part of one that a database can see.

    `sql` returns one row (subject, detail) for each violation and may use %(at)s, the moment of the check.
    """

    number: int
    name: str
    sql: str


@dataclass(frozen=True)
class Broken:
    """One violation: which invariant, of what (a public id, a table), and how."""

    number: int
    name: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.number}: {self.name} ({self.subject}: {self.detail})"
