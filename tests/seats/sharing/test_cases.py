"""From events to a question, an answer, and seats for everybody."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from accounts.access.actor import Actor
from accounts.members.remove_member import remove_member
from accounts.models import Account, AuditEntry, Membership, Notice
from accounts.notices.deliver_notice import mail_of
from seats.errors import SharingAnswered
from seats.growth.sweep import sweep_account
from seats.models import SharingCase, Signal, UsageEvent, UsageSettings
from seats.sharing.answer_sharing import answer_sharing
from seats.sharing.close_case import close_case
from seats.sharing.find_sharing import QUIET, find_all_sharing, find_sharing
from seats.sharing.queries import cases_to_sell, open_cases, tell
from seats.sharing.show_cases import ANSWER_WITHIN, show_unanswered
from seats.usage.event import Place
from seats.usage.ingest_events import ACCEPTED, ingest_events
from seats.usage.sessions import Place as WholePlace
from seats.usage.sessions import sessions_of
from tests.factories.usage import event

pytestmark = pytest.mark.django_db
AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def work(person: Membership, device: str, network: str, minutes: list[int], place: Place | None = None) -> None:
    where: dict[str, Any] = {"place": place} if place else {}
    events = [
        event(person.public_id, AT + minute * MINUTE, device=device, network=network, **where) for minute in minutes
    ]
    assert ingest_events(account=person.account, events=events, at=AT + DAY) == [ACCEPTED] * len(events)


def three_at_once(person: Membership) -> None:
    for number in range(3):
        work(person, f"device-{number}", f"198.51.{number}.7", [number, 20, 40])


@pytest.fixture
def case(member: Membership) -> SharingCase:
    three_at_once(member)
    [found] = find_sharing(account=member.account, at=AT + DAY)
    return found


def test_a_session_ends_with_a_gap_and_with_another_network(account: Account, member: Membership) -> None:
    work(member, "laptop", "203.0.113.5", [0, 30, 61], Place(38.7, -9.1))
    work(member, "laptop", "203.0.113.99", [65])
    work(member, "laptop", "198.51.100.1", [66])
    ingest_events(account=account, events=[event(member.public_id, AT), event("who", AT, device="d")], at=AT)
    found = sessions_of(account=account, first=AT.date(), last=AT.date())
    place = WholePlace(39, -9)
    assert [(s.started_at, s.ended_at, s.from_place, s.to_place) for s in found] == [
        (AT, AT + 30 * MINUTE, place, place),
        (AT + 61 * MINUTE, AT + 65 * MINUTE, place, place),
        (AT + 66 * MINUTE, AT + 66 * MINUTE, None, None),
    ]
    assert len({s.device for s in found}) == 1
    assert found[0].network == found[1].network != found[2].network
    assert sessions_of(account=account, first=AT.date(), last=AT.date(), devices=2) == []
    assert sessions_of(account=account, first=AT.date() + DAY, last=AT.date() + DAY) == []


def test_sessions_are_those_of_one_account(outsider: Membership, member: Membership) -> None:
    three_at_once(member)
    assert sessions_of(account=outsider.account, first=AT.date(), last=AT.date()) == []
    assert find_sharing(account=outsider.account, at=AT + DAY) == []
    assert SharingCase.objects.count() == 0


def test_the_person_alone_is_asked(case: SharingCase, account: Account, member: Membership) -> None:
    assert (case.membership, case.devices, case.at_once, case.extra_people, case.shown_at) == (member, 3, 3, 2, None)
    [notice] = Notice.objects.filter(account=account, kind__startswith="sharing")
    assert (notice.user, notice.kind) == (member.user, "sharing_seen")
    assert "3 devices, at one moment in 3 places at once" in str(mail_of(notice).body)
    assert not AuditEntry.objects.filter(account=account, action__startswith="sharing").exists()
    assert list(open_cases(account)) == []
    assert list(cases_to_sell(account.pk, account.pk)) == []
    sweep_account(account=account, at=AT + DAY)
    assert not Signal.objects.filter(account=account, kind="sharing").exists()


def test_no_hash_and_no_place_is_in_the_evidence(account: Account, case: SharingCase) -> None:
    hashes = UsageEvent.objects.filter(account=account).values_list("device", "network")
    text = str(case.evidence)
    assert not any(str(number) in text for row in hashes for number in row)
    assert set(case.evidence) == {"score", "at_once", "extra_people", "devices", "moments", "trips"}
    told = tell(case)
    assert told.sentence == "Used on 3 devices, at one moment in 3 places at once."
    assert told.lines[0].startswith("Device A, Device B and Device C were in use at once, each on a network of its own")


def test_one_case_for_a_person_however_often_it_is_looked(case: SharingCase, account: Account) -> None:
    assert find_sharing(account=account, at=AT + DAY) == []
    assert find_all_sharing(at=AT + DAY) == 0
    assert list(SharingCase.objects.all()) == [case]
    assert Notice.objects.filter(kind="sharing_seen").count() == 1


def test_a_laptop_and_a_phone_are_not_asked_about(account: Account, member: Membership) -> None:
    work(member, "laptop", "203.0.113.5", [0, 10, 20, 30])
    work(member, "laptop", "198.51.100.9", [12, 22], Place(40.7, -74))
    work(member, "phone", "192.0.2.77", [5, 15, 25], Place(38.7, -9.1))
    assert find_sharing(account=account, at=AT + DAY) == []
    assert SharingCase.objects.count() == 0


def test_nobody_is_looked_at_in_privacy_mode(account: Account, member: Membership) -> None:
    three_at_once(member)
    UsageSettings.objects.create(account=account, groups_only=True)
    assert find_sharing(account=account, at=AT + DAY) == []
    assert SharingCase.objects.count() == 0


def test_the_command_prints_the_evidence(account: Account, case: SharingCase) -> None:
    def printed() -> str:
        out = StringIO()
        call_command("run_detectors", account=account.slug, stdout=out)
        return out.getvalue()

    assert f"shared sign-in {case.membership.user.email}, asked in private: Used on 3 devices" in printed()
    assert "Device A, Device B and Device C were in use at once" in printed()
    UsageSettings.objects.create(account=account, groups_only=True)
    assert "shared sign-in" not in printed()


def test_privacy_mode_hides_what_was_shown(account: Account, case: SharingCase) -> None:
    show_unanswered(at=case.found_at + ANSWER_WITHIN)
    assert [row.pk for row in open_cases(account)] == [case.pk]
    UsageSettings.objects.create(account=account, groups_only=True)
    account = Account.objects.get(pk=account.pk)  # the next request's
    assert list(open_cases(account)) == []
    assert list(cases_to_sell(account.pk, account.pk)) == []


def test_who_left_is_not_asked(account: Account, member: Membership, actor: Actor) -> None:
    three_at_once(member)
    remove_member(account=account, membership=member, actor=actor, at=AT + DAY)
    assert find_sharing(account=account, at=AT + DAY) == []


def test_an_answer_shows_it_to_admins_and_staff(
    case: SharingCase, account: Account, owner: Membership, member: Membership
) -> None:
    answered = AT + 2 * DAY
    answer_sharing(membership=member, case=case, shared=True, actor=Actor(user=member.user), at=answered)
    case.refresh_from_db()
    assert (case.answer, case.answered_at, case.shown_at, case.closed_at) == ("shared", answered, answered, None)
    assert [row.pk for row in open_cases(account)] == [case.pk]
    [notice] = Notice.objects.filter(kind="sharing_shown")
    assert notice.user == owner.user
    assert (
        "Mia says that several people work with this sign-in. By estimate it is 2 more people." in mail_of(notice).body
    )
    [entry] = AuditEntry.objects.filter(account=account, action__startswith="sharing")
    assert (entry.action, entry.user, entry.data) == ("sharing.answered", member.user, {"answer": "shared"})
    sweep_account(account=account, at=answered)
    [signal] = Signal.objects.filter(account=account, kind="sharing")
    assert (signal.subject, signal.seats, signal.ended_at) == (case.public_id, 2, None)
    close_case(account=account, case=case, actor=Actor(user=owner.user), at=answered)
    sweep_account(account=account, at=answered)
    signal.refresh_from_db()
    assert signal.ended_at == answered


def test_it_was_me_closes_it_and_is_not_asked_again(case: SharingCase, account: Account, member: Membership) -> None:
    answer_sharing(membership=member, case=case, shared=False, actor=Actor(user=member.user), at=AT + DAY)
    case.refresh_from_db()
    assert (case.answer, case.closed_at) == ("mine", AT + DAY)
    assert find_sharing(account=account, at=AT + 2 * DAY) == []
    assert not Notice.objects.filter(kind="sharing_shown").exists()
    sweep_account(account=account, at=AT + 2 * DAY)
    assert not Signal.objects.filter(account=account, kind="sharing").exists()
    with pytest.raises(SharingAnswered):
        answer_sharing(membership=member, case=case, shared=True, actor=Actor(user=member.user), at=AT + 2 * DAY)
    case.refresh_from_db()
    assert case.answer == "mine"
    show_unanswered(at=AT + DAY + QUIET)
    assert SharingCase.objects.count() == 0


def test_without_an_answer_it_is_shown_after_a_week(case: SharingCase, account: Account, owner: Membership) -> None:
    due = case.found_at + ANSWER_WITHIN
    assert show_unanswered(at=due - MINUTE) == 0
    assert (show_unanswered(at=due), show_unanswered(at=due)) == (1, 0)
    case.refresh_from_db()
    assert (case.answer, case.shown_at) == ("", due)
    [notice] = Notice.objects.filter(kind="sharing_shown")
    assert notice.user == owner.user
    assert "was asked and has not answered" in str(mail_of(notice).body)
    assert [entry.action for entry in AuditEntry.objects.filter(action__startswith="sharing")] == ["sharing.shown"]


def test_a_case_that_nobody_shows_cannot_be_closed(case: SharingCase, account: Account, actor: Actor) -> None:
    with pytest.raises(SharingAnswered):
        close_case(account=account, case=case, actor=actor, at=AT + DAY)
    case.refresh_from_db()
    assert case.closed_at is None


def test_my_page_asks_and_takes_the_answer(
    case: SharingCase, member: Membership, owner: Membership, client_of: Callable[[Membership], Client]
) -> None:
    mia, olivia = client_of(member), client_of(owner)
    page = mia.get("/a/acme/me/").content.decode()
    assert "Is this you?" in page
    assert "Used on 3 devices, at one moment in 3 places at once." in page
    assert "Is this you?" not in olivia.get("/a/acme/me/").content.decode()
    assert "Mia" not in _main(olivia.get("/a/acme/usage/sharing/"))
    url = f"/a/acme/me/sharing/{case.public_id}/"
    assert olivia.post(url, {"answer": "mine"}).status_code == 404
    mia.post(url, {"answer": "something"})
    case.refresh_from_db()
    assert case.answer == ""
    assert mia.post(url, {"answer": "shared"}).status_code == 302
    case.refresh_from_db()
    assert case.answer == "shared"
    assert "Is this you?" not in mia.get("/a/acme/me/").content.decode()
    page = _main(olivia.get("/a/acme/usage/sharing/"))
    assert "Says the sign-in is shared" in page
    assert 'href="/a/acme/seats/add/?add=2"' in page
    assert mia.get("/a/acme/usage/sharing/").status_code == 403
    assert olivia.post(f"/a/acme/usage/sharing/{case.public_id}/close/").status_code == 302
    case.refresh_from_db()
    assert case.closed_by == owner.user
    assert mail.outbox == []


def _main(response: object) -> str:
    text: str = response.content.decode()  # type: ignore[attr-defined]
    return text.partition("<main")[2].partition("</main>")[0]
