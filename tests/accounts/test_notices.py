"""A notice is a row before it is a mail: once per person, in the reader's language, tried again, seen by staff."""

from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail

from accounts.models import Account, Membership, Notice, Role, User
from accounts.notices.deliver_notice import WAITS, deliver_notice, ring_waiting_notices, try_again
from accounts.notices.send_notice import send_notice
from accounts.tasks import deliver_notice_task, send_waiting_notices_task
from tests.factories.accounts import AT, MembershipFactory, UserFactory

CONTEXT: dict[str, Any] = {
    "buyer": "Adam",
    "added": 2,
    "seats": 12,
    "quoted": 4000,
    "charged": 4000,
    "due": 4000,
    "currency": "usd",
    "card": "Visa •••• 4242",
    "number": "R-0007",
    "undo_until_at": AT + timedelta(minutes=15),
    "renews_at": AT + timedelta(days=15),
    "link": "/a/acme/seats/purchases/chg_1/",
}


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What the bell was rung for; the broker is the outside world here."""
    calls: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr("seatportal.kit.queue._send", lambda task, kwargs: calls.append((task, kwargs)))
    return calls


def tell(account: Account, **more: Any) -> int:
    values: dict[str, Any] = {"account": account, "kind": "receipt", "key": "receipt:1", "context": CONTEXT, "at": AT}
    return send_notice(**values | more)


def deliver_all(at: datetime = AT) -> int:
    return sum(deliver_notice(notice_id=pk, at=at) for pk in Notice.objects.values_list("pk", flat=True))


def out(number: int = 0) -> tuple[str, str, str]:
    """Subject, text and HTML of a mail that went out."""
    message = mail.outbox[number]
    assert isinstance(message, mail.EmailMultiAlternatives)
    return str(message.subject), str(message.body), str(message.alternatives[0][0])


def test_owners_billing_and_the_buyer_are_told(
    acme: Account, olga: Membership, adam: Membership, mia: Membership
) -> None:
    billing = MembershipFactory.create(account=acme, role=Role.BILLING)
    MembershipFactory.create(account=acme, role=Role.BILLING, left_at=AT)
    MembershipFactory.create(account=acme, role=Role.OWNER, user=UserFactory.create(is_active=False))

    assert tell(acme, to=[adam.user, None]) == 3

    assert set(Notice.objects.values_list("user_id", flat=True)) == {olga.user_id, billing.user_id, adam.user_id}
    assert mail.outbox == []


def test_nobody_of_another_account_is_told(acme: Account, olga: Membership, charlie: User) -> None:
    tell(acme, to=[charlie])

    assert [row.user for row in Notice.objects.all()] == [olga.user]


def test_the_same_thing_is_told_once(acme: Account, olga: Membership, adam: Membership) -> None:
    assert (tell(acme), tell(acme)) == (1, 0)
    assert tell(acme, to=[adam.user]) == 1
    assert tell(acme, key="receipt:2") == 1
    assert Notice.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_for_each_new_row(
    acme: Account, olga: Membership, adam: Membership, rung: list[tuple[str, dict[str, Any]]]
) -> None:
    tell(acme, to=[adam.user])
    tell(acme, to=[adam.user])

    ids = list(Notice.objects.order_by("pk").values_list("pk", flat=True))
    assert rung == [("accounts.deliver_notice", {"notice_id": pk}) for pk in ids]


def test_a_mail_has_text_and_html_with_the_same_words(acme: Account, olga: Membership) -> None:
    tell(acme)

    assert deliver_all() == 1

    subject, text, html = out()
    assert mail.outbox[0].to == ["olga@example.com"]
    assert subject == "Acme: 2 seats added"
    for word in (
        "Hello Olga,",
        "Adam added 2 seats. There are 12 seats now.",
        "Quoted $40.00, charged $40.00. $40.00 was charged to Visa •••• 4242.",
        "Receipt: R-0007",
        "undone until 4 May 2026, 09:15 UTC",
        "takes effect on 19 May 2026",
        "/a/acme/seats/purchases/chg_1/",
    ):
        assert word in text
        assert word in html
    assert "http" in text.split("Open the purchase:")[1]


def test_each_reads_their_own_language_and_clock(acme: Account, olga: Membership) -> None:
    User.objects.filter(pk=olga.user_id).update(locale="de", time_zone="Europe/Berlin")
    tell(acme)

    deliver_all()

    _, text, html = out()
    assert "40,00\N{NO-BREAK SPACE}$" in text
    assert "4. Mai 2026, 11:15 CEST" in text
    assert '<html lang="de">' in html


def test_names_cannot_write_markup_or_headers(acme: Account, olga: Membership) -> None:
    acme.name = "<b>Acme</b>\nBcc: x@example.com"
    acme.save()
    tell(acme, context=CONTEXT | {"buyer": "<i>Adam</i>"})

    deliver_all()

    subject, _, html = out()
    assert subject == "<b>Acme</b> Bcc: x@example.com: 2 seats added"
    assert mail.outbox[0].recipients() == ["olga@example.com"]
    assert "<i>" not in html
    assert "<b>" not in html


def test_it_is_sent_once(acme: Account, olga: Membership) -> None:
    tell(acme)

    assert (deliver_all(), deliver_all(AT + timedelta(days=1))) == (1, 0)
    assert ring_waiting_notices(at=AT + timedelta(days=1)) == 0
    assert len(mail.outbox) == 1
    assert Notice.objects.get().sent_at == AT


def test_one_that_is_being_sent_is_left_alone_until_its_lease_ends(
    acme: Account, olga: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(acme)
    second: list[bool] = []

    def send(message: mail.EmailMessage) -> int:
        second.append(deliver_notice(notice_id=Notice.objects.get().pk, at=AT))
        return 1

    monkeypatch.setattr("django.core.mail.EmailMessage.send", send)

    assert deliver_all() == 1
    assert second == [False]


def test_a_broken_mail_server_is_tried_again_and_given_up_in_the_end(
    acme: Account, olga: Membership, monkeypatch: pytest.MonkeyPatch, rung: list[tuple[str, dict[str, Any]]]
) -> None:
    def fail(*_: Any) -> None:
        raise ConnectionRefusedError("no mail server")

    tell(acme)
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", fail)
        at = AT
        for wait in WAITS:
            assert deliver_all(at) == 0
            assert deliver_all(at) == 0  # Not before its time.
            at += wait
    notice = Notice.objects.get()
    assert (notice.sent_at, notice.tries) == (None, len(WAITS))
    assert notice.given_up_at is not None
    assert notice.last_error == "ConnectionRefusedError: no mail server"
    assert ring_waiting_notices(at=at) == 0

    assert try_again(notice=notice, at=at) is True
    assert try_again(notice=notice, at=at) is False
    assert len(mail.outbox) == 1


def test_a_refused_address_is_not_tried_again(acme: Account, olga: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise SMTPRecipientsRefused({"olga@example.com": (550, b"unknown")})

    tell(acme)
    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)

    assert deliver_all() == 0
    assert Notice.objects.get().given_up_at == AT


@pytest.mark.django_db(transaction=True)
def test_the_sweep_finds_what_was_never_rung(
    acme: Account, olga: Membership, rung: list[tuple[str, dict[str, Any]]]
) -> None:
    tell(acme)
    notice = Notice.objects.get()
    rung.clear()

    send_waiting_notices_task()
    assert rung == [("accounts.deliver_notice", {"notice_id": notice.pk})]
    deliver_notice_task(notice.pk)

    assert len(mail.outbox) == 1


def test_a_mail_server_that_says_later_is_asked_again(
    acme: Account, olga: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Greylisting refuses the first try with a code below 500."""

    def later(*_: Any) -> None:
        raise SMTPRecipientsRefused({"olga@example.com": (450, b"greylisted")})

    tell(acme)
    with monkeypatch.context() as busy:
        busy.setattr("django.core.mail.EmailMessage.send", later)
        assert deliver_all() == 0
    assert Notice.objects.get().given_up_at is None

    assert deliver_all(AT + WAITS[0]) == 1
    assert len(mail.outbox) == 1


def test_a_mail_that_goes_twice_bears_one_id(acme: Account, olga: Membership) -> None:
    tell(acme)
    [notice] = Notice.objects.all()
    assert deliver_notice(notice_id=notice.pk, at=AT)
    Notice.objects.update(sent_at=None)  # as if the process had died before noting it
    assert deliver_notice(notice_id=notice.pk, at=AT + timedelta(minutes=2))
    assert [letter.message()["Message-ID"] for letter in mail.outbox] == [f"<{notice.public_id}@localhost>"] * 2
