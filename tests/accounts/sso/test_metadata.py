"""A SAML provider's metadata is read again each day: by a real fetch, once, and told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.test import Client
from django.utils import timezone

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, MailDomain, Membership, Notice, SsoConnection
from accounts.notices.deliver_notice import mail_of
from accounts.sso.certificates import end_of, last_end
from accounts.sso.connections import save_saml
from accounts.sso.metadata import EACH, reread_metadata, ring_due_metadata
from tests.accounts.sso.conftest import who
from tests.accounts.sso.test_saml import begin, bring
from tests.races.test_last_seat import all_at_once
from tests.saml_idp import ENTITY, SSO, Answer, body_of, metadata

pytestmark = pytest.mark.django_db


class Published(ThreadingHTTPServer):
    """What stands at the provider's address. asked: how often."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.text, self.status, self.asked = metadata("saml"), 200, 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/metadata"


class _Handler(BaseHTTPRequestHandler):
    server: Published

    def do_GET(self) -> None:
        self.server.asked += 1
        body = self.server.text.encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def publishing() -> Iterator[Published]:
    server = Published()
    thread = Thread(target=partial(server.serve_forever, poll_interval=0.02))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def site() -> Iterator[Published]:
    """The provider publishes its metadata."""
    with publishing() as server:
        yield server


@pytest.fixture
def entra(account: Account, domain: MailDomain, site: Published, now: datetime) -> SsoConnection:
    """On, and read from that address two days ago."""
    row = save_saml(
        account=account,
        connection=None,
        name="Entra",
        metadata_url=site.address,
        metadata_xml="",
        actor=Actor.system("demo"),
        at=now - timedelta(days=2),
    )
    SsoConnection.objects.filter(pk=row.pk).update(tested_at=now, enabled_at=now)
    row.refresh_from_db()
    site.asked = 0
    return row


def told(kind: str) -> list[str]:
    return sorted(notice.user.email for notice in Notice.objects.filter(kind=kind))


def test_a_replaced_certificate_is_taken_over_and_told(
    entra: SsoConnection, site: Published, member: Membership, admin_member: Membership, now: datetime
) -> None:
    site.text = metadata("next")

    reread_metadata(connection_id=entra.pk, at=now)

    entra.refresh_from_db()
    assert (entra.certificates, entra.read_at, site.asked) == ([body_of("next")], now, 1)
    assert entra.enabled_at is not None
    assert told("sso_certificate_changed") == ["adam@acme.example", "olivia@acme.example"]
    mail = mail_of(Notice.objects.filter(kind="sso_certificate_changed")[0])
    assert mail.subject == "Acme: Entra has another certificate"
    assert AuditEntry.objects.get(action="sso.changed").data["fields"] == ["certificates"]
    old, new = Client(), Client()
    bring(old, entra, Answer(begin(old, entra), key="saml").form())
    bring(new, entra, Answer(begin(new, entra), key="next").form())
    assert (who(old), who(new)) == ("", "mia@acme.example")


def test_it_is_looked_at_once_a_day(entra: SsoConnection, site: Published, now: datetime) -> None:
    assert ring_due_metadata(at=now) == 1
    for _ in range(3):
        reread_metadata(connection_id=entra.pk, at=now)
    assert (site.asked, ring_due_metadata(at=now)) == (1, 0)
    assert not Notice.objects.filter(kind="sso_certificate_changed").exists()

    reread_metadata(connection_id=entra.pk, at=now + EACH)
    assert site.asked == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_workers_at_once_look_once(entra: SsoConnection, site: Published, now: datetime) -> None:
    site.text = metadata("next")

    all_at_once([partial(reread_metadata, connection_id=entra.pk, at=now) for _ in range(6)])

    assert site.asked == 1
    assert AuditEntry.objects.filter(action="sso.changed").count() == 1


@pytest.mark.parametrize(
    "published",
    [
        metadata("next").replace(ENTITY, "https://evil.example/saml"),
        metadata("next").replace(SSO, "https://evil.example/sso"),
    ],
)
def test_another_provider_is_not_taken_over_but_told_once(
    published: str, entra: SsoConnection, site: Published, now: datetime
) -> None:
    site.text = published

    for days in range(3):
        reread_metadata(connection_id=entra.pk, at=now + timedelta(days=days))

    kept = SsoConnection.objects.get()
    assert (kept.entity_id, kept.sso_url, kept.certificates) == (ENTITY, SSO, [body_of("saml")])
    assert kept.enabled_at is not None
    assert told("sso_metadata_differs") == ["olivia@acme.example"]
    assert "Nothing is changed here." in mail_of(Notice.objects.get(kind="sso_metadata_differs")).body


@pytest.mark.parametrize(("status", "text"), [(500, ""), (200, "nonsense"), (200, metadata())])
def test_a_provider_that_does_not_answer_changes_nothing(
    status: int, text: str, entra: SsoConnection, site: Published, now: datetime
) -> None:
    site.status, site.text = status, text

    reread_metadata(connection_id=entra.pk, at=now)

    assert SsoConnection.objects.get().certificates == [body_of("saml")]
    assert not AuditEntry.objects.filter(action="sso.changed").exists()


def test_no_address_inside_is_read(
    entra: SsoConnection, site: Published, now: datetime, settings: pytest.FixtureRequest
) -> None:
    """The address may lead elsewhere by now: each look goes by the guarded way out."""
    settings.WEBHOOKS_TO_LOOPBACK = False  # type: ignore[attr-defined]

    reread_metadata(connection_id=entra.pk, at=now)

    assert site.asked == 0


def test_what_is_off_or_closed_is_left_alone(entra: SsoConnection, site: Published, now: datetime) -> None:
    SsoConnection.objects.update(enabled_at=None)
    reread_metadata(connection_id=entra.pk, at=now)
    SsoConnection.objects.update(enabled_at=now)
    Account.objects.update(closed_at=now)
    reread_metadata(connection_id=entra.pk, at=now)

    assert (site.asked, ring_due_metadata(at=now)) == (0, 0)


def test_a_certificate_that_ends_is_told_before_and_after(
    entra: SsoConnection, site: Published, owner: Membership, account: Account
) -> None:
    ends = end_of(body_of("saml"))
    assert ends is not None
    looks = (timedelta(days=31), timedelta(days=29), timedelta(days=28), timedelta(days=6), timedelta(days=-1))
    counts = []
    for before in looks:
        SsoConnection.objects.update(read_at=None)
        reread_metadata(connection_id=entra.pk, at=ends - before)
        counts.append(Notice.objects.filter(kind="sso_certificate_ends").count())

    assert counts == [0, 1, 1, 2, 2]
    first = mail_of(Notice.objects.filter(kind="sso_certificate_ends").earliest("pk"))
    assert first.subject == "Acme: the certificate of Entra ends soon"
    assert "which is read again each day" in first.body


def test_a_second_certificate_is_time_enough() -> None:
    assert last_end([body_of("saml"), body_of("next")]) == max(
        end for end in (end_of(body_of("saml")), end_of(body_of("next"))) if end
    )
    assert last_end(["nonsense"]) is None
    assert last_end([body_of("saml"), "nonsense"]) is None, "one that cannot be read may be good for years"
    assert last_end([]) is None


def test_the_page_says_until_when(entra: SsoConnection, owner: Membership) -> None:
    client = Client()
    client.force_login(owner.user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/a/{entra.account.slug}/settings/sign-in/connections/{entra.public_id}/").content.decode()

    ends = end_of(body_of("saml"))
    assert ends is not None
    assert "good until" in page
    assert str(timezone.localtime(ends).day) in page
