"""Alerts to the vendor's own tools over real TLS, and the day's one mail."""

import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Membership, User
from seatportal.kit.signing import signature
from seats.growth.deliver_alert import deliver_alert, replay
from seats.growth.endpoints import save_endpoint
from seats.growth.send_digests import send_digests
from seats.growth.sweep import sweep_account
from seats.models import AlertDelivery, AlertEndpoint, AlertPreference, ExpansionTask, Signal
from tests.seatportal.test_staff import BACKEND, staff_user
from tests.seats.growth.conftest import Fill

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


class Receiver(ThreadingHTTPServer):
    """Somebody's tool: keeps what it gets, answers as told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server_address[1]}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", self.server.url + "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """An https server whose certificate this process trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - DAY)
        .not_valid_after(today + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "own.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with Receiver() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def told(account: Account, fill: Fill, now: datetime, endpoint: AlertEndpoint) -> AlertDelivery:
    """A crossing, and its delivery to the address."""
    save_endpoint(endpoint=endpoint, actor=Actor.system("demo"))
    fill(purchased=10, assigned=8, active=8)
    sweep_account(account=account, at=now)
    return AlertDelivery.objects.get(endpoint=endpoint)


def test_a_signed_webhook(account: Account, fill: Fill, now: datetime, receiver: Receiver) -> None:
    endpoint = AlertEndpoint(name="CRM", channel="webhook", url=receiver.url)
    row = told(account, fill, now, endpoint)

    assert deliver_alert(delivery_id=row.pk, at=now)
    assert not deliver_alert(delivery_id=row.pk, at=now + DAY)

    [(path, headers, body)] = receiver.got
    signal = Signal.objects.get()
    assert path == "/hook"
    assert headers["webhook-id"] == row.public_id
    assert headers["webhook-signature"] == signature(
        secret=endpoint.secret, message_id=row.public_id, at=now, body=body
    )
    assert json.loads(body) == {
        "type": "alert.created",
        "timestamp": now.isoformat(),
        "data": {
            "id": row.alert.public_id,
            "account": {"id": account.public_id, "slug": "acme", "name": "Acme"},
            "signals": [
                {
                    "id": signal.public_id,
                    "kind": "crossed_80",
                    "subject": "",
                    "evidence": {"purchased": 10, "assigned": 8, "active": 8},
                    "seats": 1,
                    "task": ExpansionTask.objects.get().public_id,
                }
            ],
        },
    }


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of that project's own documents."""
    assert (
        signature(
            secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
            at=datetime.fromtimestamp(1614265330, UTC),
            body=b'{"test": 2432232314}',
        )
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_slack_gets_words(account: Account, fill: Fill, now: datetime, receiver: Receiver) -> None:
    account.name = "A & <B>"
    account.save()
    row = told(account, fill, now, AlertEndpoint(name="Sales", channel="slack", url=receiver.url))
    assert deliver_alert(delivery_id=row.pk, at=now)
    text = json.loads(receiver.got[0][2])["text"]
    assert text.startswith("*A &amp; &lt;B&gt;*\n• *80 % of the seats in use*: Assigned 8 of 10")
    assert "→ Talk about more seats" in text
    assert "webhook-signature" not in receiver.got[0][1]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_refusal_or_a_redirect_is_tried_again_and_not_followed(
    account: Account, fill: Fill, now: datetime, receiver: Receiver, status: int
) -> None:
    receiver.status = status
    row = told(account, fill, now, AlertEndpoint(name="CRM", channel="webhook", url=receiver.url))
    assert not deliver_alert(delivery_id=row.pk, at=now)
    row.refresh_from_db()
    assert (row.sent_at, row.tries, row.last_error) == (None, 1, f"NotTaken: HTTP {status}")
    assert len(receiver.got) == 1
    receiver.status = 200
    assert deliver_alert(delivery_id=row.pk, at=now + timedelta(minutes=2))
    assert [path for path, _, _ in receiver.got] == ["/hook", "/hook"]


def test_only_https_is_written_down_or_called(account: Account, fill: Fill, now: datetime, receiver: Receiver) -> None:
    plain = AlertEndpoint(name="Bad", channel="slack", url="http://localhost/hook")
    with pytest.raises(IntegrityError, match="alert_endpoint_is_https"), transaction.atomic():
        plain.save()
    staff = Client()
    staff.force_login(staff_user(), backend=BACKEND)
    add = reverse("admin:seats_alertendpoint_add")
    values = {"name": "CRM", "channel": "webhook", "active": "on"}
    refused = staff.post(add, {**values, "url": "http://crm.example/hook"})
    assert refused.status_code == 200
    assert not AlertEndpoint.objects.exists()
    saved = staff.post(add, {**values, "url": "https://crm.example/hook"}, follow=True).content.decode()
    secret = AlertEndpoint.objects.get().secret
    assert secret.startswith("whsec_")
    assert secret in saved
    assert (
        secret
        not in staff.get(
            reverse("admin:seats_alertendpoint_change", args=[AlertEndpoint.objects.get().pk])
        ).content.decode()
    )


def test_a_replay_sends_again_and_is_in_the_trail(
    account: Account, fill: Fill, now: datetime, receiver: Receiver
) -> None:
    row = told(account, fill, now, AlertEndpoint(name="CRM", channel="webhook", url=receiver.url))
    deliver_alert(delivery_id=row.pk, at=now)
    staff = Client()
    staff.force_login(staff_user(), backend=BACKEND)
    url = reverse("admin:seats_alertdelivery_changelist")
    answer = staff.post(url, {"action": "send_again", "_selected_action": [row.pk]}, follow=True)
    assert "1 alert was sent." in answer.content.decode()
    assert [headers["webhook-id"] for _, headers, _ in receiver.got] == [row.public_id] * 2
    assert AuditEntry.objects.get(action="alert.replayed").target == row.public_id


def test_a_mail_that_may_go_twice_bears_one_id_and_a_replay_another(
    account: Account, staff_member: User, fill: Fill, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker dies after the mail server took the mail: mail systems know the second one by its id, and must not
    swallow what staff send again on purpose."""
    fill(purchased=10, assigned=8, active=8)
    sweep_account(account=account, at=now)
    row = AlertDelivery.objects.get(channel="mail")
    send = mail.EmailMessage.send

    def die_once_sent(letter: mail.EmailMessage, *args: Any, **more: Any) -> int:
        send(letter, *args, **more)
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr("django.core.mail.message.EmailMessage.send", die_once_sent)
        with pytest.raises(SystemExit):
            deliver_alert(delivery_id=row.pk, at=now)
    assert not deliver_alert(delivery_id=row.pk, at=now)
    assert deliver_alert(delivery_id=row.pk, at=now + timedelta(minutes=2))
    assert replay(delivery=row, actor=Actor.system("demo"), at=now + DAY)
    ids = [letter.message()["Message-ID"] for letter in mail.outbox]
    assert ids == [f"<{row.public_id}.{number}@localhost>" for number in (0, 0, 1)]


def test_what_stands_in_the_inbox_is_not_sent_again(
    account: Account, staff_member: User, fill: Fill, now: datetime
) -> None:
    fill(purchased=10, assigned=8, active=8)
    sweep_account(account=account, at=now)
    row = AlertDelivery.objects.get(channel="in_app")
    assert not replay(delivery=row, actor=Actor.system("demo"), at=now + DAY)
    row.refresh_from_db()
    assert row.sent_at == now


def test_the_digest_is_one_mail(
    account: Account, outsider: Membership, staff_member: User, fill: Fill, now: datetime
) -> None:
    AlertPreference.objects.create(user=staff_member, mail="daily")
    fill(purchased=10, assigned=8, active=8)
    fill(purchased=10, assigned=9, active=9, of=outsider.account)
    for one in (account, outsider.account):
        sweep_account(account=one, at=now)
    due = AlertDelivery.objects.filter(channel="mail").latest("next_try_at").next_try_at

    assert send_digests(at=due - timedelta(hours=1)) == 0
    assert send_digests(at=due) == 1
    assert send_digests(at=due + DAY) == 0

    [letter] = mail.outbox
    assert (letter.subject, letter.to) == ("2 accounts to look at", ["imani@vendor.example"])
    body = str(letter.body)
    assert body.index("Acme") < body.index("Elsewhere")
    assert "Assigned 9 of 10" in body
    assert set(AlertDelivery.objects.filter(channel="mail").values_list("sent_at", flat=True)) == {due}


def test_a_digest_that_fails_is_tried_again(
    account: Account, staff_member: User, fill: Fill, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    AlertPreference.objects.create(user=staff_member, mail="daily")
    fill(purchased=10, assigned=8, active=8)
    sweep_account(account=account, at=now)
    due = now + DAY
    with monkeypatch.context() as broken:
        broken.setattr(
            "django.core.mail.message.EmailMessage.send", lambda *_, **__: (_ for _ in ()).throw(OSError("no route"))
        )
        assert send_digests(at=due) == 0
    assert send_digests(at=due + timedelta(minutes=1)) == 0
    assert send_digests(at=due + timedelta(minutes=2)) == 1
    assert len(mail.outbox) == 1


def test_a_digest_with_the_same_alerts_bears_the_same_id(
    account: Account, outsider: Membership, staff_member: User, fill: Fill, now: datetime
) -> None:
    AlertPreference.objects.create(user=staff_member, mail="daily")
    fill(purchased=10, assigned=8, active=8)
    sweep_account(account=account, at=now)
    due = AlertDelivery.objects.filter(channel="mail")
    assert send_digests(at=now + DAY) == 1
    due.update(sent_at=None)  # as if the process had died before noting it
    assert send_digests(at=now + 2 * DAY) == 1
    due.update(sent_at=None)
    fill(purchased=10, assigned=9, active=9, of=outsider.account)
    sweep_account(account=outsider.account, at=now)
    assert send_digests(at=now + 3 * DAY) == 1
    first, second, third = (letter.message()["Message-ID"] for letter in mail.outbox)
    assert first == second != third
