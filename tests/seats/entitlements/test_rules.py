"""Who is let in, as a table."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from seats.entitlements.rules import Facts, Reason, Standing, State, ends_at, judge, standing_of

THEN = datetime(2026, 4, 16, 12, tzinfo=UTC)
NOBODY = Facts("mia", None, None, None, False, None, None, False, False, False, None)
INVITED = replace(NOBODY, invitation_ends=THEN)
MEMBER = replace(NOBODY, member_id="mem_1", email="mia@acme.example", external_id="", may_sign_in=True)
SEATED = replace(MEMBER, seat_id="seat_1", seat_since=THEN)
WAITS = replace(MEMBER, waits=True)


@pytest.mark.parametrize(
    ("facts", "frozen", "state", "reason"),
    [
        (SEATED, "", State.ACTIVE, None),
        (SEATED, "past_due", State.ACTIVE, None),
        (SEATED, "collection_paused", State.ACTIVE, None),
        (SEATED, "paused", State.ACTIVE, None),
        (SEATED, "suspended", State.SUSPENDED, Reason.ACCOUNT_SUSPENDED),
        (SEATED, "unpaid", State.SUSPENDED, Reason.ACCOUNT_SUSPENDED),
        (SEATED, "paused_unpaid", State.SUSPENDED, Reason.ACCOUNT_SUSPENDED),
        (SEATED, "incomplete", State.SUSPENDED, Reason.ACCOUNT_SUSPENDED),
        (SEATED, "canceled", State.SUSPENDED, Reason.SUBSCRIPTION_ENDED),
        (SEATED, "incomplete_expired", State.SUSPENDED, Reason.SUBSCRIPTION_ENDED),
        (replace(SEATED, may_sign_in=False), "", State.SUSPENDED, Reason.SIGN_IN_BLOCKED),
        (WAITS, "", State.WAITING, Reason.SEAT_LIMIT_REACHED),
        (WAITS, "suspended", State.WAITING, Reason.SEAT_LIMIT_REACHED),
        (replace(WAITS, region_full=True), "", State.WAITING, Reason.REGION_FULL),
        (replace(MEMBER, region_full=True), "", State.NO_SEAT, Reason.NO_SEAT),
        (replace(MEMBER, paused=True), "", State.PAUSED, Reason.PAUSED),
        (replace(MEMBER, paused=True), "suspended", State.PAUSED, Reason.PAUSED),
        (MEMBER, "", State.NO_SEAT, Reason.NO_SEAT),
        (INVITED, "", State.INVITED, Reason.INVITATION_OPEN),
        (NOBODY, "", State.UNKNOWN, Reason.NOT_A_MEMBER),
        (NOBODY, "suspended", State.UNKNOWN, Reason.NOT_A_MEMBER),
    ],
)
def test_states(facts: Facts, frozen: str, state: State, reason: Reason | None) -> None:
    assert judge(facts, frozen) == (state, reason)


@pytest.mark.parametrize(
    ("frozen", "standing"),
    [
        ("", Standing.GOOD),
        ("past_due", Standing.PAST_DUE),
        ("collection_paused", Standing.PAUSED),
        ("paused", Standing.PAUSED),
        ("suspended", Standing.SUSPENDED),
        ("unpaid", Standing.SUSPENDED),
        ("paused_unpaid", Standing.SUSPENDED),
        ("incomplete", Standing.SUSPENDED),
        ("canceled", Standing.ENDED),
        ("incomplete_expired", Standing.ENDED),
    ],
)
def test_standings(frozen: str, standing: Standing) -> None:
    assert standing_of(frozen) == standing


def test_only_an_open_invitation_ends_by_time_alone() -> None:
    assert [ends_at(facts) for facts in (SEATED, WAITS, MEMBER, NOBODY, INVITED)] == [None, None, None, None, THEN]
