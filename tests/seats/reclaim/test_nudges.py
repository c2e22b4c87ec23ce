"""A person is asked once, in their language, and their own click gives back their seat and no other."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.test import Client

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Membership, Notice, Role
from accounts.notices.deliver_notice import deliver_notice, mail_of
from seatportal.kit.links import sign
from seats.errors import NobodyToNudge, NoPowerUser, NudgedLately, NudgeRefused, UsageIsPrivate
from seats.holders.queries import seat_of
from seats.holders.reassign_seat import reassign_seat
from seats.models import Assignment, LedgerEntry, Nudge, NudgeRefusal
from seats.pool.pools import pool_of
from seats.reclaim.answer_nudge import LIVES, nudge_by_token, set_nudges
from seats.reclaim.ask_mentor import ask_mentor
from seats.reclaim.nudge_people import AGAIN_AFTER, LeftOut, Nudged, nudge_people
from seats.reclaim.queries import asked_of, outcomes
from seats.usage.settings import set_usage_settings
from tests.conftest import join
from tests.factories.seats import give_pool, seat, use

pytestmark = pytest.mark.django_db
LONG = timedelta(days=40)
type SignIn = Callable[[Membership], Client]


@pytest.fixture
def idle(account: Account, member: Membership, now: datetime) -> Assignment:
    """Mia's seat, unused for forty days."""
    give_pool(account, 3, now - LONG)
    return seat(member, now - LONG)


def ask(seats: list[Assignment], actor: Actor, at: datetime) -> Nudged:
    return nudge_people(account=seats[0].account, seat_ids=[one.public_id for one in seats], actor=actor, at=at)


def letters(at: datetime) -> list[mail.EmailMessage]:
    for pk in Notice.objects.order_by("pk").values_list("pk", flat=True):
        deliver_notice(notice_id=pk, at=at)
    return mail.outbox


def link_of(letter: mail.EmailMessage) -> str:
    found = re.search(r"http://[^/\s]+(/nudges/\S+/)", str(letter.body))
    assert found is not None
    return found[1]


def test_one_row_and_one_mail_in_the_persons_language(
    idle: Assignment, member: Membership, actor: Actor, now: datetime
) -> None:
    [nudge] = ask([idle], actor, now).asked
    assert (nudge.membership, nudge.assignment, nudge.by, nudge.silent_since) == (
        member,
        idle,
        actor.user,
        idle.started_at,
    )
    # The row holds no key to the seat.
    notice = Notice.objects.get()
    assert notice.context["link"] == "/nudges/"
    assert sign("nudge", nudge.public_id) not in str(notice.context)
    [letter] = letters(now)
    assert letter.to == ["mia@acme.example"]
    assert letter.subject == "Acme: do you still need your seat?"
    assert "have not used it yet. Olivia asks whether you still need it." in str(letter.body)
    assert "because you are a member of Acme" in str(letter.body)
    member.user.locale = "de"
    member.user.save()
    assert str(mail_of(Notice.objects.get()).body).startswith("Guten Tag Mia,")
    assert AuditEntry.objects.filter(action="seat.nudged", target=nudge.public_id).count() == 1


def test_fourteen_days_lie_between_two(idle: Assignment, member: Membership, actor: Actor, now: datetime) -> None:
    ask([idle], actor, now)
    for days in (0, 13):
        with pytest.raises(NobodyToNudge):
            ask([idle], actor, now + timedelta(days=days))
    assert Nudge.objects.count() == Notice.objects.count() == 1
    ask([idle], actor, now + AGAIN_AFTER)
    assert Nudge.objects.count() == Notice.objects.count() == 2


def test_each_is_left_out_for_a_reason_and_the_rest_is_asked(
    account: Account, idle: Assignment, member: Membership, actor: Actor, now: datetime
) -> None:
    busy, quiet = join(account, "Busy", Role.MEMBER, now), join(account, "Quiet", Role.MEMBER, now)
    seats = [idle, seat(busy, now - LONG), seat(quiet, now - LONG)]
    use(busy, now, days=1)
    set_nudges(membership=quiet, wanted=False, actor=Actor(user=quiet.user), at=now)
    done = nudge_people(account=account, seat_ids=[*(one.public_id for one in seats), "seat_gone"], actor=actor, at=now)
    assert [one.membership for one in done.asked] == [member]
    assert (done.left_out, done.gone) == ({LeftOut.ACTIVE: [busy], LeftOut.REFUSED: [quiet]}, 1)
    assert Notice.objects.count() == 1


def test_a_strangers_seat_and_privacy_mode_send_nothing(
    account: Account, idle: Assignment, actor: Actor, outsider: Membership, now: datetime
) -> None:
    give_pool(outsider.account, 1, now - LONG)
    theirs = seat(outsider, now - LONG)
    with pytest.raises(NobodyToNudge):
        nudge_people(account=account, seat_ids=[theirs.public_id], actor=actor, at=now)
    set_usage_settings(account=account, keep_days=400, groups_only=True, actor=actor)
    with pytest.raises(UsageIsPrivate):
        ask([idle], actor, now)
    assert Nudge.objects.count() == Notice.objects.count() == 0


def test_reading_the_link_never_acts_and_the_button_gives_the_seat_back(
    account: Account, idle: Assignment, member: Membership, actor: Actor, now: datetime
) -> None:
    [nudge] = ask([idle], actor, now).asked
    url = link_of(letters(now)[0])
    for method in ("get", "head", "options"):
        getattr(Client(), method)(url)
    assert seat_of(member) == idle
    reader = Client()
    assert "Give my seat back" in reader.get(url).text
    assert "Your seat is given back." in reader.post(url, {"answer": "give_back"}).text
    assert (seat_of(member), pool_of(account).assigned) == (None, 0)
    nudge.refresh_from_db()
    assert nudge.given_back_at is not None
    line = LedgerEntry.objects.get(account=account, kind="released")
    assert (line.actor, line.reason) == (member.user, "Given back by its holder")
    again = reader.post(url, {"answer": "give_back"})
    assert again.status_code == 409
    assert "You do not hold this seat any more" in again.text
    assert LedgerEntry.objects.filter(account=account, kind="released").count() == 1


def test_a_post_without_an_answer_does_nothing(
    idle: Assignment, member: Membership, actor: Actor, now: datetime
) -> None:
    ask([idle], actor, now)
    assert Client().post(link_of(letters(now)[0]), {"answer": "what"}).status_code == 200
    assert (seat_of(member), NudgeRefusal.objects.count()) == (idle, 0)


def test_a_seat_that_moved_on_is_not_taken_from_its_new_holder(
    account: Account, idle: Assignment, admin_member: Membership, actor: Actor, now: datetime
) -> None:
    ask([idle], actor, now)
    url = link_of(letters(now)[0])
    moved = reassign_seat(account=account, assignment=idle, to=admin_member, actor=actor, at=now)
    assert Client().post(url, {"answer": "give_back"}).status_code == 409
    assert seat_of(admin_member) == moved


def test_no_more_mails_by_the_link_and_back_again_on_ones_page(
    account: Account, idle: Assignment, member: Membership, actor: Actor, client_of: SignIn, now: datetime
) -> None:
    ask([idle], actor, now)
    Client().post(link_of(letters(now)[0]), {"answer": "no_mails"})
    assert NudgeRefusal.objects.get().membership == member
    with pytest.raises(NobodyToNudge):
        ask([idle], actor, now + LONG)
    own = client_of(member)
    assert "You get no mails about how you use your seat." in own.get(f"/a/{account.slug}/me/").text
    own.post(f"/a/{account.slug}/me/nudges/", {"wanted": "yes"})
    assert NudgeRefusal.objects.count() == 0
    assert len(ask([idle], actor, now + LONG).asked) == 1


@pytest.mark.parametrize("broken", ["", "x", "ndg_1~a~b", "whole"])
def test_only_our_own_fresh_links_open(idle: Assignment, actor: Actor, now: datetime, broken: str) -> None:
    [nudge] = ask([idle], actor, now).asked
    token = sign("nudge", nudge.public_id)
    assert nudge_by_token(token) == nudge
    bad = sign("other", nudge.public_id) if broken == "whole" else broken
    assert nudge_by_token(bad) is None
    if bad:
        assert Client().get(f"/nudges/{bad}/").status_code == 410


def test_an_old_link_has_ended(idle: Assignment, actor: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    [nudge] = ask([idle], actor, now).asked
    with monkeypatch.context() as clock:
        clock.setattr("django.core.signing.time.time", lambda: (now - LIVES - timedelta(minutes=1)).timestamp())
        token = sign("nudge", nudge.public_id)
    assert nudge_by_token(token) is None


def test_what_came_of_it_is_read_from_what_happened(
    account: Account, idle: Assignment, member: Membership, actor: Actor, now: datetime
) -> None:
    others = [join(account, f"P{n}", Role.MEMBER, now) for n in range(2)]
    seats = [idle, *(seat(one, now - LONG) for one in others)]
    ask(seats, actor, now)
    use(others[0], now + timedelta(days=3), days=2)
    reassign_seat(account=account, assignment=seats[2], to=actor_member(actor, account), actor=actor, at=now)
    found = {one.nudge.membership: (one.back, one.holds) for one in outcomes(account, "idle", now + timedelta(days=4))}
    day = (now + timedelta(days=2)).date()
    assert found == {member: (None, True), others[0]: (day, True), others[1]: (None, False)}
    asked = asked_of(account, [member.pk], "idle", now)[member.pk]
    assert (asked.at, asked.why) == (now, LeftOut.LATELY)


def actor_member(actor: Actor, account: Account) -> Membership:
    return Membership.objects.get(account=account, user=actor.user)


def test_a_power_user_is_asked_to_mentor_once(
    account: Account, member: Membership, actor: Actor, now: datetime
) -> None:
    give_pool(account, 1, now - LONG)
    seat(member, now - LONG)
    use(member, now, days=19)
    with pytest.raises(NoPowerUser):
        ask_mentor(account=account, membership=member, words="", actor=actor, at=now)
    use(member, now - timedelta(days=19), days=1)
    ask_mentor(account=account, membership=member, words="You are good at reports.", actor=actor, at=now)
    with pytest.raises(NudgedLately):
        ask_mentor(account=account, membership=member, words="", actor=actor, at=now)
    [letter] = letters(now)
    text = str(letter.body)
    assert "You worked with the product on 20 of the last 30 days, most of all with Reports." in text
    assert "“You are good at reports.”" in text
    assert "Write to olivia@acme.example if you want to." in text


def test_who_refuses_is_not_asked_to_mentor(account: Account, member: Membership, actor: Actor, now: datetime) -> None:
    give_pool(account, 1, now - LONG)
    seat(member, now - LONG)
    use(member, now, days=20)
    set_nudges(membership=member, wanted=False, actor=Actor(user=member.user), at=now)
    with pytest.raises(NudgeRefused):
        ask_mentor(account=account, membership=member, words="", actor=actor, at=now)
    assert Notice.objects.count() == 0
