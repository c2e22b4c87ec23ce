"""Proving a domain: what may be added, what DNS has to say, and what a lost proof means."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.access.actor import Actor
from accounts.errors import DomainNotProved, DomainRefused, DomainTaken
from accounts.models import Account, AuditEntry, MailDomain, Membership, Notice, Role, WebhookEndpoint, WebhookEvent
from accounts.notices.deliver_notice import mail_of
from accounts.sso.domains import (
    EACH,
    add_domain,
    check_domain,
    proof_of,
    recheck_domain,
    remove_domain,
    ring_due_domains,
)
from accounts.sso.rules import GRACE, domain_named, domain_of
from seatportal.kit.dns import DnsSilent, TxtLookup
from tests.accounts.sso.conftest import proved
from tests.conftest import join

pytestmark = pytest.mark.django_db


def says(*texts: str) -> TxtLookup:
    """DNS with these texts, whatever is asked."""
    return lambda name: list(texts)


def silent(name: str) -> list[str]:
    raise DnsSilent


@pytest.fixture
def added(owner: Membership, actor: Actor, now: datetime) -> MailDomain:
    """acme.example, not proved yet."""
    return add_domain(account=owner.account, name="Acme.Example", membership=owner, actor=actor, at=now)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("example.com", "example.com"),
        (" Example.COM. ", "example.com"),
        ("@example.com", "example.com"),
        ("lena@mail.example.com", "mail.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_domain_is_read_as_dns_knows_it(typed: str, name: str) -> None:
    assert domain_named(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        "", "com", "127.0.0.1", "example.com/path", "https://example.com", "exa mple.com", "-a.example", "a-.example",
        "a..example", "x" * 64 + ".example", ".".join(["a" * 60] * 5), "exam_ple.com", "a\x00b.example",
        "gmail.com", "GoogleMail.com", "lena@outlook.com",
    ],
)  # fmt: skip
def test_what_no_account_can_own_is_refused(typed: str, account: Account, actor: Actor, now: datetime) -> None:
    with pytest.raises(DomainRefused) as refusal:
        add_domain(account=account, name=typed, membership=None, actor=actor, at=now)

    assert refusal.value.field == "name"
    assert not MailDomain.objects.exists()


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("a@Example.com", "example.com"),
        ("a@bücher.example", "xn--bcher-kva.example"),
        ("a", ""),
        ("@b.c", ""),
        ("a@b@c.d", ""),
    ],
)
def test_an_address_has_one_domain(address: str, name: str) -> None:
    assert domain_of(address) == name


def test_the_record_proves_it(added: MailDomain, actor: Actor, now: datetime) -> None:
    asked: list[str] = []
    WebhookEndpoint.objects.create(account=added.account, url="https://hooks.example/", nonce="n")

    def lookup(name: str) -> list[str]:
        asked.append(name)
        return ["v=spf1 -all", f" {proof_of(added)} "]

    found = check_domain(domain=added, actor=actor, at=now, lookup=lookup)

    assert asked == ["_seat-portal.acme.example"]
    assert (found.verified_at, found.finding) == (now, "found")
    assert AuditEntry.objects.filter(action="domain.verified", summary="acme.example").count() == 1
    event = WebhookEvent.objects.get(type="domain.verified")
    assert event.data == {"domain": {"id": added.public_id, "name": "acme.example"}}


@pytest.mark.parametrize(
    ("lookup", "finding", "words"),
    [
        (says(), "missing", "no such record"),
        (says("seat-portal-verification=another"), "wrong", "another value"),
        (silent, "silent", "did not answer"),
    ],
)
def test_without_it_nothing_is_proved(
    lookup: TxtLookup, finding: str, words: str, added: MailDomain, actor: Actor, now: datetime
) -> None:
    with pytest.raises(DomainNotProved, match=words):
        check_domain(domain=added, actor=actor, at=now, lookup=lookup)

    added.refresh_from_db()
    assert (added.verified_at, added.finding, added.checked_at) == (None, finding, now)


@pytest.mark.django_db(transaction=True)
def test_dns_is_asked_outside_of_transactions(added: MailDomain, actor: Actor, now: datetime) -> None:
    inside: list[bool] = []

    def lookup(name: str) -> list[str]:
        inside.append(connection.in_atomic_block)
        return [proof_of(added)]

    check_domain(domain=added, actor=actor, at=now, lookup=lookup)
    recheck_domain(domain_id=added.pk, at=now + EACH, lookup=lookup)

    assert inside == [False, False]


def test_one_account_has_a_domain(added: MailDomain, outsider: Membership, actor: Actor, now: datetime) -> None:
    theirs = add_domain(
        account=outsider.account, name="acme.example", membership=outsider, actor=Actor(user=outsider.user), at=now
    )
    check_domain(domain=added, actor=actor, at=now, lookup=says(proof_of(added)))

    with pytest.raises(DomainTaken):
        check_domain(domain=theirs, actor=actor, at=now, lookup=says(proof_of(added), proof_of(theirs)))

    theirs.refresh_from_db()
    assert (theirs.verified_at, theirs.finding) == (None, "taken")
    with pytest.raises(IntegrityError, match="domain_verified_once"), transaction.atomic():
        MailDomain.objects.filter(pk=theirs.pk).update(verified_at=now)


def test_a_removed_domain_is_free_for_others(
    added: MailDomain, outsider: Membership, actor: Actor, now: datetime
) -> None:
    check_domain(domain=added, actor=actor, at=now, lookup=says(proof_of(added)))
    theirs = add_domain(
        account=outsider.account, name="acme.example", membership=outsider, actor=Actor(user=outsider.user), at=now
    )

    remove_domain(account=added.account, domain=added, actor=actor, at=now)
    found = check_domain(domain=theirs, actor=actor, at=now, lookup=says(proof_of(theirs)))

    assert found.verified_at == now
    assert AuditEntry.objects.filter(account=added.account, action="domain.removed").count() == 1


def test_a_neighbours_domain_is_not_removed(added: MailDomain, outsider: Membership, now: datetime) -> None:
    remove_domain(account=outsider.account, domain=added, actor=Actor(user=outsider.user), at=now)

    assert MailDomain.objects.filter(pk=added.pk).exists()


def test_an_account_has_a_domain_once(added: MailDomain, owner: Membership, actor: Actor, now: datetime) -> None:
    with pytest.raises(DomainTaken, match="in the list already"):
        add_domain(account=owner.account, name="acme.example", membership=owner, actor=actor, at=now)


def test_a_lost_proof_is_told_and_after_a_week_the_domain_is_lost(
    account: Account, admin_member: Membership, member: Membership, now: datetime
) -> None:
    WebhookEndpoint.objects.create(account=account, url="https://hooks.example/", nonce="n")
    domain = proved(account, "acme.example", now - EACH)

    recheck_domain(domain_id=domain.pk, at=now, lookup=says())
    recheck_domain(domain_id=domain.pk, at=now, lookup=says())
    domain.refresh_from_db()
    assert (domain.lost_since, domain.verified_at) == (now, now - EACH)
    told = Notice.objects.filter(kind="domain_failing")
    assert {notice.user.email for notice in told} == {"olivia@acme.example", "adam@acme.example"}
    body = mail_of(told[0]).body
    assert "_seat-portal.acme.example" in body
    assert proof_of(domain) in body

    recheck_domain(domain_id=domain.pk, at=now + GRACE - timedelta(seconds=1), lookup=says())
    domain.refresh_from_db()
    assert domain.verified_at is not None

    recheck_domain(domain_id=domain.pk, at=now + GRACE + EACH, lookup=says("other"))
    domain.refresh_from_db()
    assert [domain.verified_at, domain.lost_since, domain.finding] == [None, None, "wrong"]
    assert Notice.objects.filter(kind="domain_lost").count() == 2
    assert [event.type for event in WebhookEvent.objects.all()] == ["domain.lost"]
    assert AuditEntry.objects.filter(account=account, action="domain.lost").count() == 1


def test_a_proof_that_comes_back_ends_the_worry(account: Account, now: datetime) -> None:
    domain = proved(account, "acme.example", now - EACH)
    recheck_domain(domain_id=domain.pk, at=now, lookup=says())

    recheck_domain(domain_id=domain.pk, at=now + EACH, lookup=says(proof_of(domain)))

    domain.refresh_from_db()
    assert (domain.lost_since, domain.finding) == (None, "found")
    assert domain.verified_at is not None


def test_silence_is_no_answer(account: Account, owner: Membership, now: datetime) -> None:
    domain = proved(account, "acme.example", now - EACH)

    recheck_domain(domain_id=domain.pk, at=now, lookup=silent)

    domain.refresh_from_db()
    assert (domain.lost_since, domain.finding, domain.checked_at) == (None, "silent", now)
    assert not Notice.objects.exists()


def test_each_night_once(account: Account, now: datetime) -> None:
    due = proved(account, "a.example", now - EACH)
    proved(account, "b.example", now - EACH + timedelta(seconds=1))
    MailDomain.objects.create(account=account, name="c.example", token="t", checked_at=now - EACH)
    asked: list[str] = []

    def lookup(name: str) -> list[str]:
        asked.append(name)
        return [proof_of(due)]

    assert ring_due_domains(at=now) == 1
    for domain in MailDomain.objects.all():
        recheck_domain(domain_id=domain.pk, at=now, lookup=lookup)
    assert asked == ["_seat-portal.a.example"]
    assert ring_due_domains(at=now) == 0


@pytest.mark.django_db(transaction=True)
def test_two_accounts_prove_it_at_once(owner: Membership, outsider: Membership, now: datetime) -> None:
    rows = [
        add_domain(account=m.account, name="shared.example", membership=m, actor=Actor(user=m.user), at=now)
        for m in (owner, outsider)
    ]
    barrier, results = threading.Barrier(2), list[str]()

    def run(row: MailDomain) -> None:
        def lookup(name: str) -> list[str]:
            barrier.wait(10)
            return [proof_of(one) for one in rows]

        try:
            check_domain(domain=row, actor=Actor.system("task"), at=now, lookup=lookup)
            results.append("proved")
        except DomainTaken:
            results.append("taken")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[row]) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == ["proved", "taken"]
    assert MailDomain.objects.filter(verified_at__isnull=False).count() == 1


def test_the_pages(
    owner: Membership, client_of: Callable[[Membership], Client], monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    join(owner.account, "Mia", Role.MEMBER, now)
    client, texts = client_of(owner), list[str]()
    monkeypatch.setattr("accounts.sso.domains.txt_records", lambda name: texts)
    base = f"/a/{owner.account.slug}/settings/sign-in"

    refused = client.post(f"{base}/domains/new/", {"name": "gmail.com"})
    answer = client.post(f"{base}/domains/new/", {"name": "acme.example"})
    domain = MailDomain.objects.get()
    page = client.get(answer["Location"]).content.decode()
    unproved = client.post(f"{base}/domains/{domain.public_id}/check/", follow=True).content.decode()
    texts.append(proof_of(domain))
    done = client.post(f"{base}/domains/{domain.public_id}/check/", follow=True).content.decode()
    listed = client.get(f"{base}/").content.decode()
    client.post(f"{base}/domains/{domain.public_id}/remove/")

    assert (refused.status_code, answer.status_code) == (422, 302)
    assert "provider of mail for everybody" in refused.content.decode()
    assert "_seat-portal.acme.example" in page
    assert proof_of(domain) in page
    assert "no such record yet" in unproved
    assert "acme.example is proved" in done
    assert "Proved" in listed
    assert not MailDomain.objects.exists()
