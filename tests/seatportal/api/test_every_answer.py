"""Every operation of the description, asked by schemathesis: nothing fails on our side, nothing is undocumented.

`API_FUZZ_EXAMPLES=200 pytest tests/seatportal/api/test_every_answer.py` looks deeper.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from unittest.mock import patch

import pytest
import schemathesis
from django.test import Client
from pytest_django.live_server_helper import LiveServer
from rest_framework.settings import api_settings
from schemathesis import engine
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events

from tests.architecture.world import World, build
from tests.conftest import FundMaker
from tests.integrator import integrator_of

pytestmark = pytest.mark.django_db(transaction=True)
EXAMPLES = int(os.environ.get("API_FUZZ_EXAMPLES", "2"))
# By tag, so that workers share them; the last takes whatever is new.
SHARES = (("buying",), ("people", "keys"), ("seats", "requests"), ())
REFUSALS = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428"]
CHECKS: dict[str, dict[str, Any]] = {
    "not_a_server_error": {},
    "status_code_conformance": {},
    "content_type_conformance": {},
    "response_schema_conformance": {},
    "response_headers_conformance": {},
    "negative_data_rejection": {"expected-statuses": REFUSALS},
    "missing_required_header": {"expected-statuses": REFUSALS},
    "ignored_auth": {},
    "unsupported_method": {},
}

type Select = Callable[[Any], Any]


@pytest.fixture(autouse=True)
def no_rate() -> Iterator[None]:
    """Thousands of requests a minute are meant here."""
    rates = dict.fromkeys(api_settings.DEFAULT_THROTTLE_RATES, "1000000/min")
    with patch.dict(api_settings.DEFAULT_THROTTLE_RATES, rates):
        yield


@pytest.fixture
def acme(fund: FundMaker, now: datetime) -> World:
    """An account with one of everything."""
    return build("Acme", fund, now)


def ask_all(
    server: LiveServer,
    key: str,
    ids: dict[str, str],
    *,
    phases: dict[str, Any],
    select: Select,
    mode: str = "all",
    described_at: str = "/api/schema/",
    described_to: str = "",
) -> tuple[Counter[int], list[str]]:
    """How often which status was answered, and what was wrong, in words. ids: for the parameters of the paths.

    described_to: the key that may read the description, where not everybody may.
    """
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "base-url": server.url,
            # A connection that is kept would keep its thread's one to the database.
            "headers": {"Authorization": f"Bearer {key}", "Connection": "close"},
            "generation": {"max-examples": EXAMPLES, "deterministic": True, "no-shrink": True, "mode": mode},
            "parameters": {f"path.{name}": value for name, value in ids.items() if name != "position"},
            "checks": {"enabled": False, **{name: {"enabled": True, **more} for name, more in CHECKS.items()}},
            "phases": {"enabled": False, **{name: {"enabled": True, **more} for name, more in phases.items()}},
            "continue-on-failure": True,
            "warnings": False,
        }
    )
    answered: Counter[int] = Counter()
    wrong = []
    reader = {"Accept": "application/json"} | ({"Authorization": f"Bearer {described_to}"} if described_to else {})
    described = Client().get(described_at, headers=reader).json()
    schema = schemathesis.openapi.from_dict(described, config=config)
    for event in engine.from_schema(select(schema)).execute():
        if isinstance(event, events.NonFatalError):
            wrong.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, events.FatalError):
            raise event.exception
        elif isinstance(event, events.ScenarioFinished):
            seen = event.recorder
            answered.update(one.response.status_code for one in seen.interactions.values() if one.response)
            wrong += [
                f"{seen.label} {node.name}: {node.failure_info.failure.message}\n{node.failure_info.code_sample}"
                for nodes in seen.checks.values()
                for node in nodes
                if node.failure_info
            ]
    return answered, wrong


@pytest.mark.parametrize("tags", SHARES, ids=["buying", "people", "seats", "others"])
def test_with_a_good_key(acme: World, live_server: LiveServer, now: datetime, tags: tuple[str, ...]) -> None:
    key = integrator_of(acme.people["owner"], now).secret
    named = [tag for share in SHARES for tag in share]

    answered, wrong = ask_all(
        live_server,
        key,
        acme.ids,
        phases={"examples": {}, "coverage": {"unexpected-methods": ["put", "options", "trace"]}, "fuzzing": {}},
        select=lambda schema: schema.include(tag=list(tags)) if tags else schema.exclude(tag=named),
    )

    assert wrong == []
    assert answered[200] > 10
    assert answered[422] > 10


def test_with_a_bad_key_there_is_one_answer(acme: World, live_server: LiveServer) -> None:
    before = acme.rows()

    answered, wrong = ask_all(
        live_server,
        "sp_test_00000000_x",
        acme.ids,
        phases={"fuzzing": {}},
        select=lambda schema: schema,
        mode="positive",
    )

    assert wrong == []
    assert set(answered) == {401}
    assert acme.rows() == before


def test_with_a_neighbours_ids_there_is_nothing(
    acme: World, fund: FundMaker, live_server: LiveServer, now: datetime
) -> None:
    elsewhere = build("Elsewhere", fund, now)
    key = integrator_of(acme.people["owner"], now).secret
    before = elsewhere.rows()

    answered, wrong = ask_all(
        live_server,
        key,
        elsewhere.ids,
        phases={"fuzzing": {}},
        # Whoever is asked for under /entitlements is `unknown` there, not missing.
        select=lambda schema: schema.include(_names_something),
        mode="positive",
    )

    assert wrong == []
    assert set(answered) == {404}
    assert elsewhere.rows() == before


def _names_something(context: Any) -> bool:
    path: str = context.operation.path
    return "{" in path and "entitlements" not in path
