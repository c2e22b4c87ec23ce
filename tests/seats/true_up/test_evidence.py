"""The sealed bundle: recomputed it is equal; one changed byte is refused, and so is a changed row."""

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEntry
from seats.holders.queries import open_seats
from seats.holders.reassign_seat import reassign_seat
from seats.holders.release_seat import release_seat
from seats.models import DailyMark, TrueUp
from seats.true_up.evidence import as_csv, as_json, chain
from seats.true_up.verify_evidence import NotABundle, verify_bundle, verify_true_up
from tests.conftest import Funded
from tests.factories.seats import SYSTEM, crowd, use
from tests.seats.true_up.conftest import Team
from tests.seats.true_up.quarters import counted, soften, start, unanswered

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.fixture
def settled(funded: Funded, team: Team, now: datetime) -> tuple[TrueUp, datetime]:
    """12 in use of 10, two of them idle; charged and released by default."""
    start(funded, now)
    soften(funded.account, now)
    run, moment = counted(funded, team, now, busy=10, idle=2)
    later = unanswered(funded, moment)
    run.refresh_from_db()
    assert run.state == TrueUp.State.SETTLED
    return run, later


def test_it_says_every_day_who_sat_what_it_cost_and_who_decided(
    funded: Funded, settled: tuple[TrueUp, datetime]
) -> None:
    run, _later = settled
    assert run.evidence is not None
    records = run.evidence["records"]
    by_kind: dict[str, list[dict[str, object]]] = {}
    for row in records:
        by_kind.setdefault(row["kind"], []).append(row["data"])

    assert [row["number"] for row in records] == list(range(1, len(records) + 1))
    assert len(by_kind["mark"]) == (run.last_day - run.first_day).days + 1
    assert by_kind["mark"][0]["day"] == run.first_day.isoformat()
    assert {mark["over_peak"] for mark in by_kind["mark"]} == {12}
    assert len(by_kind["tenure"]) == 12
    assert [row["outcome"] for row in by_kind["idle"]] == ["released", "released"]
    assert by_kind["decision"][0]["decision"] == "default"
    assert run.change is not None
    assert by_kind["charge"] == [
        {
            "id": run.change.public_id,
            "key": run.change.idempotency_key,
            "parameters_sha256": run.change.params_sha256,
            "state": "applied",
            "total": run.change.charged_total,
            "due": run.change.charged_due,
            "invoice": run.change.invoice_stripe_id,
        }
    ]
    assert by_kind["quote"][0]["amount_due"] == run.change.charged_due
    assert by_kind["reduction"][0]["seats_then"] == 10
    assert by_kind["price"][0]["tiers"]
    assert run.seal == records[-1]["hash"]
    assert AuditEntry.objects.get(action="true_up.settled").data["seal"] == run.seal
    assert verify_true_up(run) == []


def test_later_life_does_not_change_it(funded: Funded, settled: tuple[TrueUp, datetime]) -> None:
    """Seats move on, people leave and are given names; the quarter is what it was."""
    run, later = settled
    seats = list(open_seats(funded.account).order_by("pk"))
    newcomer = crowd(funded.account, 1, later, name="New")[0]
    reassign_seat(account=funded.account, assignment=seats[0], to=newcomer, actor=SYSTEM, at=later + DAY)
    release_seat(account=funded.account, assignment=seats[1], actor=SYSTEM, at=later + DAY)
    use(newcomer, later + 2 * DAY, days=1)
    newcomer.user.name = "Newly named"
    newcomer.user.save()

    assert verify_true_up(run) == []


@pytest.mark.parametrize("form", ["json", "csv"])
def test_one_changed_byte_anywhere_is_refused(settled: tuple[TrueUp, datetime], form: str) -> None:
    run, _later = settled
    assert run.evidence is not None
    text = as_json(run.evidence) if form == "json" else as_csv(run.evidence)
    assert verify_bundle(text) == []

    # Sixty places from the first byte to the last; each alone.
    step = max(len(text) // 60, 1)
    for place in range(0, len(text), step):
        other = "8" if text[place] != "8" else "9"
        changed = text[:place] + other + text[place + 1 :]
        try:
            found = verify_bundle(changed)
        except NotABundle:
            continue
        assert found, f"byte {place}: {text[max(place - 20, 0) : place + 20]!r}"
    assert verify_bundle(text.replace("\n", "\n\n", 1) if form == "csv" else text + " ") != []


def test_a_bundle_that_was_chained_anew_has_another_seal(settled: tuple[TrueUp, datetime]) -> None:
    run, _later = settled
    assert run.evidence is not None
    records = [(row["kind"], dict(row["data"])) for row in run.evidence["records"]]
    index = next(n for n, (kind, _data) in enumerate(records) if kind == "mark")
    records[index][1]["over_peak"] = 0
    forged = chain(run.evidence["header"], records)

    found = verify_bundle(as_json(forged))

    assert found[0] == f"The seal {forged['seal']} is not the one that was kept: {run.seal}."
    assert any(line.startswith("The rows do not say this: mark ") for line in found)
    assert any(line.startswith("The bundle does not say this: mark ") for line in found)


def test_use_that_is_reported_late_is_said_so(funded: Funded, settled: tuple[TrueUp, datetime]) -> None:
    run, _later = settled
    person = run.people.select_related("membership").order_by("pk")[0].membership
    use(person, run.counted_at - 3 * DAY if run.counted_at else run.due_at, days=1)

    assert verify_true_up(run) == [f"The bundle counts {person.public_id} idle, usage does not."]


def test_a_decision_that_was_rewritten_is_found(settled: tuple[TrueUp, datetime]) -> None:
    run, _later = settled
    TrueUp.objects.filter(pk=run.pk).update(decision="admin", peak=11)
    run.refresh_from_db()

    found = verify_true_up(run)

    assert [line.split("{")[0] for line in found] == [
        "The rows do not say this: decision ",
        "The bundle does not say this: decision ",
    ]


def test_daily_marks_can_be_lost_the_ledger_still_proves_them(settled: tuple[TrueUp, datetime]) -> None:
    run, _later = settled
    DailyMark.objects.all().delete()

    assert verify_true_up(run) == []


def test_the_command_reads_files_and_ids(settled: tuple[TrueUp, datetime], tmp_path: Path) -> None:
    run, _later = settled
    assert run.evidence is not None
    good, bad = tmp_path / "good.json", tmp_path / "bad.csv"
    good.write_text(as_json(run.evidence))
    bad.write_text(as_csv(run.evidence).replace('""purchased"": 10', '""purchased"": 11', 1))

    for what in (run.public_id, str(good)):
        out = StringIO()
        call_command("verify_true_up", what, stdout=out)
        assert out.getvalue() == "Equal: the content gives its hashes, and the rows give the content.\n"
    out = StringIO()
    call_command("verify_true_up", str(good), "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"equal": True, "differences": []}
    with pytest.raises(CommandError, match="does not fit its hash"):
        call_command("verify_true_up", str(bad))
    with pytest.raises(CommandError, match="neither a file nor the id"):
        call_command("verify_true_up", str(tmp_path / "nothing"))
    (tmp_path / "other.json").write_text("[1]")
    with pytest.raises(CommandError, match="not a bundle"):
        call_command("verify_true_up", str(tmp_path / "other.json"))


def test_before_it_is_settled_there_is_none(funded: Funded, team: Team, now: datetime) -> None:
    start(funded, now)
    run, _moment = counted(funded, team, now, busy=2, idle=1)

    with pytest.raises(NotABundle, match="not settled"):
        verify_true_up(run)
