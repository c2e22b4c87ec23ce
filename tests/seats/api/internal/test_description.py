"""What the vendor's own API says of itself holds, and stays out of what customers read."""

from datetime import datetime
from typing import Any

import pytest
import yaml
from django.test import Client
from openapi_spec_validator import OpenAPIV31SpecValidator
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.seatportal.api.test_every_answer import ask_all
from tests.seats.api.internal.conftest import ToolMaker, busy_account, task_of

pytestmark = pytest.mark.django_db(transaction=True)
SCHEMA = "/api/internal/schema/"
OPERATIONS = {"listTeamSignals", "listTasks", "getTask", "takeTask", "snoozeTask", "closeTask", "getMetrics"}


def operations(schema: dict[str, Any]) -> set[str]:
    return {op["operationId"] for ops in schema["paths"].values() for op in ops.values()}


def test_staff_read_theirs_and_customers_theirs(imani: User, tool_of: ToolMaker) -> None:
    secret = tool_of(imani).secret
    assert Client().get(SCHEMA).status_code == 401

    own = Client().get(SCHEMA, headers={"Authorization": f"Bearer {secret}"})
    public = Client().get("/api/schema/", headers={"Accept": "application/json"}).json()

    schema = yaml.safe_load(own.content)
    assert list(OpenAPIV31SpecValidator(schema).iter_errors()) == []
    assert operations(schema) == OPERATIONS
    assert list(schema["components"]["securitySchemes"]) == ["staffKey"]
    assert operations(public) & OPERATIONS == set()
    assert "staffKey" not in public["components"]["securitySchemes"]


def test_every_answer_is_described(imani: User, tool_of: ToolMaker, live_server: LiveServer, now: datetime) -> None:
    task = task_of(busy_account("Acme", now, active=8))
    secret = tool_of(imani).secret

    answered, wrong = ask_all(
        live_server,
        secret,
        {"task_id": task.public_id},
        phases={"examples": {}, "coverage": {"unexpected-methods": ["put", "options", "trace"]}, "fuzzing": {}},
        select=lambda schema: schema,
        described_at=SCHEMA,
        described_to=secret,
    )

    assert wrong == []
    assert answered[200] > 5
    assert answered[422] > 5


def test_a_customers_key_gets_one_answer(imani: User, tool_of: ToolMaker, live_server: LiveServer) -> None:
    answered, wrong = ask_all(
        live_server,
        "spi_test_00000000_x",
        {},
        phases={"fuzzing": {}},
        select=lambda schema: schema,
        mode="positive",
        described_at=SCHEMA,
        described_to=tool_of(imani).secret,
    )

    assert wrong == []
    assert set(answered) == {401}
