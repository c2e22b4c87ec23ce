"""The trail is added to, never changed; filtered and paged; taken away without formulas."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, transaction

from accounts.access.actor import Actor
from accounts.audit.labels import label_of
from accounts.audit.queries import trail_of, trail_page, trail_rows
from accounts.audit.record_audit import record_audit
from accounts.models import Account, AuditEntry, Membership
from seatportal.kit.tables import safe_cell
from tests.accounts.conftest import as_actor
from tests.factories.accounts import ApiKeyFactory, UserFactory


def note(account: Account, actor: Actor, action: str = "seat.assigned") -> AuditEntry:
    record_audit(account=account, actor=actor, action=action, target="mem_1", summary="Mia")
    return AuditEntry.objects.order_by("-pk")[0]


def test_an_entry_says_everything(acme: Account, olga: Membership) -> None:
    staff = UserFactory.create()
    actor = Actor(user=olga.user, impersonator=staff, door="api", ip="203.0.113.9", request_id="r-1")

    record_audit(account=acme, actor=actor, action="seat.assigned", target="asg_1", summary="x" * 300, before=1)

    entry = AuditEntry.objects.get()
    assert (entry.account, entry.user, entry.impersonator, entry.door) == (acme, olga.user, staff, "api")
    assert (entry.ip, entry.request_id, entry.target, entry.summary) == ("203.0.113.9", "r-1", "asg_1", "x" * 200)
    assert entry.data == {"before": 1}


def test_the_database_refuses_changes(acme: Account, olga: Membership) -> None:
    note(acme, as_actor(olga))

    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        AuditEntry.objects.update(summary="nothing")
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        AuditEntry.objects.all().delete()

    assert AuditEntry.objects.get().summary == "Mia"


def test_filters(acme: Account, olga: Membership, adam: Membership, charlie: Membership) -> None:
    mine = note(acme, as_actor(olga))
    his = note(acme, as_actor(adam), action="member.left")
    by_key = note(
        acme, Actor(user=None, api_key=ApiKeyFactory.create(account=acme, name="Payroll")), action="seat.released"
    )
    record_audit(account=Account.objects.get(slug="other"), actor=Actor.system("task"), action="seat.assigned")

    assert list(trail_of(acme)) == [by_key, his, mine]
    assert list(trail_of(acme, action="seat")) == [by_key, mine]
    assert list(trail_of(acme, action="seat.assigned")) == [mine]
    assert list(trail_of(acme, person="OLGA")) == [mine]
    assert list(trail_of(acme, person="payroll")) == [by_key]
    assert list(trail_of(acme, person="adam@example")) == [his]


def test_days_are_the_accounts(acme: Account, olga: Membership) -> None:
    acme.time_zone = "America/Los_Angeles"
    acme.save()
    entry = note(acme, as_actor(olga))
    day = entry.at.astimezone(ZoneInfo("America/Los_Angeles")).date()

    assert list(trail_of(acme, since=day, until=day)) == [entry]
    assert list(trail_of(acme, since=day + timedelta(days=1))) == []
    assert list(trail_of(acme, until=day - timedelta(days=1))) == []
    assert list(trail_of(acme, until=date(2020, 1, 1))) == []


def test_pages_miss_and_repeat_nothing(acme: Account, olga: Membership) -> None:
    made = [note(acme, as_actor(olga)) for _ in range(7)]
    seen: list[AuditEntry] = []
    before: AuditEntry | None = None

    while True:
        rows, before = trail_page(trail_of(acme), before=before, size=3)
        seen += rows
        if before is None:
            break

    assert seen == made[::-1]


def test_an_exact_page_has_no_next_one(acme: Account, olga: Membership) -> None:
    for _ in range(3):
        note(acme, as_actor(olga))

    assert trail_page(trail_of(acme), before=None, size=3)[1] is None


def test_rows_of_the_export(acme: Account, olga: Membership) -> None:
    entry = note(acme, as_actor(olga))

    assert list(trail_rows(trail_of(acme))) == [
        [
            entry.at.isoformat(timespec="seconds"),
            "olga@example.com",
            "",
            "page",
            "seat.assigned",
            "mem_1",
            "Mia",
            "",
        ]
    ]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=cmd()", "'=cmd()"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("Mia", "Mia"),
        (-5, "-5"),
        (None, ""),
    ],
)
def test_cells_run_nothing(value: object, cell: str) -> None:
    assert safe_cell(value) == cell


def test_an_unknown_action_is_written_out() -> None:
    assert label_of("seat.moved_on") == "Seat moved on"
