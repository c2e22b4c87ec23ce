"""The recipes of docs/webhooks.md run as they stand there."""

import json
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.access.actor import Actor
from accounts.models import Account, WebhookDelivery
from accounts.webhooks.catalog import KINDS
from accounts.webhooks.deliver_webhook import deliver_webhook
from accounts.webhooks.save_endpoint import add_endpoint
from seatportal.demo.ports import any_free, is_free
from tests.accounts.webhooks.conftest import Hook
from tests.billing.inbox.test_webhooks import eventually
from tests.conftest import join
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).resolve().parents[3] / "docs" / "webhooks.md"


def recipe(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", DOCS.read_text(), re.DOTALL)


def test_the_python_takes_a_message_and_refuses_a_forged_one(account: Account, actor: Actor, now: datetime) -> None:
    [code] = recipe("python")
    port = any_free()
    endpoint, secret = add_endpoint(
        account=account, url=f"http://127.0.0.1:{port}/hooks", description="", events=[], actor=actor, at=now
    )
    server = subprocess.Popen(
        [sys.executable, "-c", code],
        env={"WEBHOOK_SECRET": secret, "PORT": str(port), "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        eventually(lambda: not is_free(port), seconds=20)
        join(account, "Joe", "member", now)
        row = WebhookDelivery.objects.get()
        assert deliver_webhook(delivery_id=row.pk, at=timezone.now())
        assert server.stdout is not None
        sequence, kind, data = server.stdout.readline().split(" ", 2)
        assert (sequence, kind, json.loads(data)["member"]["name"]) == ("1", "member.joined", "Joe")

        endpoint.nonce = "another"
        endpoint.save()
        join(account, "Kim", "member", now)
        forged = WebhookDelivery.objects.latest("pk")
        assert not deliver_webhook(delivery_id=forged.pk, at=timezone.now())
        forged.refresh_from_db()
        assert forged.status == 400
    finally:
        server.kill()
        server.communicate()


def test_the_shell_prints_the_signature(account: Account, hook: Hook, receiver: Receiver, now: datetime) -> None:
    [code] = [text for text in recipe("sh") if "openssl" in text]
    join(account, "Joe", "member", now)
    deliver_webhook(delivery_id=WebhookDelivery.objects.get().pk, at=now)
    [got] = receiver.got

    ran = subprocess.run(
        ["sh", "-c", code],
        env={
            "WEBHOOK_SECRET": hook.secret,
            "ID": got.headers["webhook-id"],
            "STAMP": got.headers["webhook-timestamp"],
            "BODY": got.body.decode(),
            "PATH": os.environ["PATH"],
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    assert ran.stdout.strip() == got.headers["webhook-signature"]


def test_its_example_is_of_a_type_that_exists() -> None:
    assert set(re.findall(r'"type": "([a-z.]+)"', DOCS.read_text())) <= KINDS.keys()
