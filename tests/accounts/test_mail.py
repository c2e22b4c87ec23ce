"""The row is the job: the invitation's mail goes out by bell or sweep, in the account's language."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
import time_machine
from django.core import mail

from accounts.members.invitations import invite_member, open_by_token, resend_invitation
from accounts.members.send_invitation import link_of, ring_waiting_invitations, send_invitation
from accounts.models import Account, Invitation, Membership
from accounts.tasks import expire_invitations_task, send_invitation_task, send_waiting_invitations_task
from tests.accounts.conftest import as_actor
from tests.factories.accounts import AT, InvitationFactory

LATER = AT + timedelta(minutes=2)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What the bell was rung for; the broker is the outside world here."""
    calls: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr("seatportal.kit.queue._send", lambda task, kwargs: calls.append((task, kwargs)))
    return calls


def test_the_mail_carries_a_link_that_opens(acme: Account, olga: Membership) -> None:
    invitation = InvitationFactory.create(
        account=acme, invited_by=olga, name="Lena", email="lena@example.com", sent_at=None
    )

    assert send_invitation(invitation_id=invitation.pk, at=AT) is True

    message = mail.outbox[0]
    assert isinstance(message, mail.EmailMultiAlternatives)
    link = link_of(invitation)
    assert (message.to, message.subject) == (["lena@example.com"], "Olga invites you to Acme")
    assert link in str(message.body)
    assert link in str(message.alternatives[0][0])
    assert "11 May 2026" in str(message.body)
    assert open_by_token(link.split("/")[-2], at=AT) == invitation
    invitation.refresh_from_db()
    assert invitation.sent_at == AT


def test_names_cannot_write_markup_or_headers(acme: Account, olga: Membership) -> None:
    acme.name = "<b>Acme</b>\nBcc: x@example.com"
    acme.save()
    invitation = InvitationFactory.create(account=acme, invited_by=olga, sent_at=None)

    send_invitation(invitation_id=invitation.pk, at=AT)

    message = mail.outbox[0]
    assert isinstance(message, mail.EmailMultiAlternatives)
    assert message.subject == "Olga invites you to <b>Acme</b> Bcc: x@example.com"
    assert message.recipients() == [invitation.email]
    assert "<b>Acme" not in str(message.alternatives[0][0])


def test_it_is_sent_once(acme: Account) -> None:
    invitation = InvitationFactory.create(account=acme, sent_at=None)

    assert send_invitation(invitation_id=invitation.pk, at=AT) is True
    assert send_invitation(invitation_id=invitation.pk, at=AT) is False
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("change", [{"state": Invitation.State.REVOKED}, {"expires_at": AT}])
def test_an_ended_one_is_not_sent(acme: Account, change: dict[str, Any]) -> None:
    invitation = InvitationFactory.create(account=acme, sent_at=None, **change)

    assert send_invitation(invitation_id=invitation.pk, at=AT) is False
    assert mail.outbox == []


def test_a_broken_mail_server_leaves_the_row_due(acme: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ConnectionRefusedError

    invitation = InvitationFactory.create(account=acme, sent_at=None)
    monkeypatch.setattr("django.core.mail.EmailMessage.send", fail)

    with pytest.raises(ConnectionRefusedError):
        send_invitation(invitation_id=invitation.pk, at=AT)

    invitation.refresh_from_db()
    assert invitation.sent_at is None


def test_a_refused_address_is_not_tried_again(acme: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise SMTPRecipientsRefused({})

    invitation = InvitationFactory.create(account=acme, sent_at=None)
    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)

    send_invitation(invitation_id=invitation.pk, at=AT)

    invitation.refresh_from_db()
    assert invitation.sent_at == AT


def test_a_link_renewed_while_the_mail_went_out_stays_due(
    acme: Account, olga: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    invitation = InvitationFactory.create(account=acme, sent_at=None)

    def renew(*_: Any) -> None:
        resend_invitation(account=acme, invitation=invitation, actor=as_actor(olga), at=AT)

    monkeypatch.setattr("django.core.mail.EmailMessage.send", renew)

    send_invitation(invitation_id=invitation.pk, at=AT)

    invitation.refresh_from_db()
    assert invitation.sent_at is None


@pytest.mark.django_db(transaction=True)
def test_the_bell_is_rung_after_the_commit(acme: Account, olga: Membership, rung: list[Any]) -> None:
    invitation, _created = invite_member(
        account=acme,
        email="lena@example.com",
        role="member",
        department=None,
        name="",
        actor=as_actor(olga),
        at=AT,
    )

    assert rung == [("accounts.send_invitation", {"invitation_id": invitation.pk})]


@pytest.mark.django_db(transaction=True)
def test_the_sweep_takes_what_the_bell_has_left(acme: Account, rung: list[Any]) -> None:
    waiting = InvitationFactory.create(account=acme, sent_at=None)
    InvitationFactory.create(account=acme)
    InvitationFactory.create(account=acme, sent_at=None, state=Invitation.State.REVOKED)

    assert ring_waiting_invitations(at=AT) == 0  # the bell has its minute
    assert ring_waiting_invitations(at=LATER) == 1
    assert rung == [("accounts.send_invitation", {"invitation_id": waiting.pk})]


@time_machine.travel(LATER, tick=False)
@pytest.mark.django_db(transaction=True)
def test_the_tasks_call_the_verbs(acme: Account, rung: list[Any]) -> None:
    waiting = InvitationFactory.create(account=acme, sent_at=None)
    old = InvitationFactory.create(account=acme, expires_at=AT)

    send_waiting_invitations_task()
    send_invitation_task(invitation_id=waiting.pk)
    expire_invitations_task()

    assert rung == [("accounts.send_invitation", {"invitation_id": waiting.pk})]
    assert [message.to for message in mail.outbox] == [[waiting.email]]
    old.refresh_from_db()
    assert old.state == "expired"


def test_a_mail_server_that_says_later_leaves_the_row_due(acme: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def later(*_: Any) -> None:
        raise SMTPRecipientsRefused({"new@example.com": (450, b"greylisted")})

    invitation = InvitationFactory.create(account=acme, sent_at=None)
    monkeypatch.setattr("django.core.mail.EmailMessage.send", later)

    with pytest.raises(SMTPRecipientsRefused):
        send_invitation(invitation_id=invitation.pk, at=AT)

    invitation.refresh_from_db()
    assert invitation.sent_at is None
