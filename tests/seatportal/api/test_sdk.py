"""A client that a public generator makes from the served description, by the command of docs/api.md, used for real."""

import importlib
import os
import pkgutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from accounts.access.actor import Actor
from accounts.keys.issue_api_key import issue_api_key
from accounts.models import Membership
from seats.models import LedgerEntry, SeatPool
from tests.conftest import FundMaker, join
from tests.integrator import integrator_of

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[3]
COMMAND = "openapi-python-client generate"
PACKAGE = "seat_portal_api_client"


@pytest.fixture
def sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Generated from what is served, importable, and gone afterwards."""
    # Not by its address: the generator waits five seconds for it, which a busy machine may need.
    described = tmp_path / "openapi.yaml"
    described.write_bytes(Client().get("/api/schema/").content)
    run = subprocess.run(
        [*COMMAND.split(), "--path", described],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    )
    # Lines of JSON are left out; events go as an array. A PDF is read from the answer's content.
    assert run.stderr.count("Unsupported content type application/x-ndjson") == 1
    assert run.stderr.count("Unsupported content_type application/pdf") == 2, run.stderr
    assert run.stderr.count("WARNING") == 3
    assert "ERROR" not in run.stderr
    monkeypatch.syspath_prepend(str(tmp_path / "seat-portal-api-client"))
    yield importlib.import_module(PACKAGE)
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def called(operation: str) -> Any:
    """The generated module of an operation, such as `buying.create_quote`."""
    return importlib.import_module(f"{PACKAGE}.api.{operation}")


def model(name: str) -> Any:
    """A generated class."""
    return getattr(importlib.import_module(f"{PACKAGE}.models"), name)


def test_the_documented_command_is_the_one_that_is_run() -> None:
    assert f"{COMMAND} --url $PORTAL/api/schema/" in (ROOT / "docs" / "api.md").read_text()


def test_it_reads_buys_and_understands_refusals(
    sdk: Any, live_server: LiveServer, owner: Membership, fund: FundMaker, now: datetime
) -> None:
    fund(owner)
    lena = join(owner.account, "Lena", "member", now)
    # A connection that is kept would keep its thread's one to the database.
    close = {"Connection": "close"}
    acme = sdk.AuthenticatedClient(live_server.url, token=integrator_of(owner, now).secret, headers=close)

    seats = called("seats.get_seats").sync(client=acme)
    assert (seats.purchased, seats.assigned, seats.over_since) == (10, 0, None)

    quote = called("buying.create_quote").sync(client=acme, body=model("NewQuote")(add=2))
    assert (quote.seats_before, quote.seats_after, quote.currency) == (10, 12, "usd")
    wish = model("NewOrder")(quote_id=quote.id, assign_to=[lena.user.email])
    order = called("buying.create_order").sync_detailed(client=acme, body=wish, idempotency_key="order-1")
    assert (order.status_code, order.parsed.state.value) == (201, "applied")
    assert order.parsed.charged_due == quote.due_now
    again = called("buying.create_order").sync_detailed(client=acme, body=wish, idempotency_key="order-1")
    assert (again.headers["Idempotent-Replayed"], again.parsed.id) == ("true", order.parsed.id)
    assert called("seats.get_seats").sync(client=acme).purchased == 12
    assert SeatPool.objects.get(account=owner.account).purchased == 12
    assert LedgerEntry.objects.filter(account=owner.account, kind="bought").count() == 1

    seat = model("NewAssignment")(email=lena.user.email)
    refused = called("seats.create_assignment").sync_detailed(client=acme, body=seat)
    assert (refused.status_code, type(refused.parsed)) == (409, model("Problem"))
    assert refused.parsed.code == "already_seated"
    wrong = called("buying.create_quote").sync(client=acme, body=model("NewQuote")(add=0))
    assert (wrong.code, wrong.errors[0].field) == ("validation_failed", "add")

    people = called("people.list_members").sync(client=acme)
    assert {person.email for person in people.results} == {owner.user.email, lena.user.email}
    [held] = called("seats.list_assignments").sync(client=acme).results
    gone = called("seats.delete_assignment").sync_detailed(held.id, client=acme, reason="Left")
    assert gone.status_code == 204
    invoices = called("buying.list_invoices").sync(client=acme).results
    assert order.parsed.id in [invoice.order_id for invoice in invoices]


def test_a_token_serves_it_as_a_key_does(sdk: Any, live_server: LiveServer, owner: Membership, now: datetime) -> None:
    key, secret = issue_api_key(
        account=owner.account,
        name="Platform",
        scopes=["seats.view", "usage.send"],
        expires_at=None,
        membership=owner,
        actor=Actor(user=owner.user),
        at=now,
        oauth=True,
    )
    wish = {"grant_type": "client_credentials", "client_id": key.prefix, "client_secret": secret}
    token = Client().post("/api/oauth/token", wish).json()["access_token"]
    acme = sdk.AuthenticatedClient(live_server.url, token=token, headers={"Connection": "close"})

    event = model("UsageEvent")(id="e1", user=owner.public_id, feature="Reports", occurred_at=now)
    verdicts = called("usage.send_usage_events").sync(client=acme, body=[event])

    assert [verdict.value for verdict in verdicts.verdicts] == ["accepted"]
    refused = called("audit.list_audit_entries").sync(client=acme)
    assert (refused.status, refused.code, refused["capability"]) == (403, "capability_missing", "audit.view")


def test_every_operation_is_there(sdk: Any) -> None:
    described = Client().get("/api/schema/", headers={"Accept": "application/json"}).json()
    expected = {op["operationId"] for path in described["paths"].values() for op in path.values()}
    api = importlib.import_module(f"{PACKAGE}.api")
    modules = [found.name for found in pkgutil.walk_packages(api.__path__, f"{PACKAGE}.api.") if not found.ispkg]

    assert len(modules) == len(expected)
    for name in modules:
        assert callable(importlib.import_module(name).sync_detailed)
