"""The demo's webhook endpoint at the simulator follows the web server."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from seatportal.demo.state import DemoState
from seatportal.demo.webhook import KEY, register_webhook_endpoint
from tests.services import Simulator


@pytest.fixture
def state(tmp_path: Path, simulator: Simulator) -> DemoState:
    simulator.reset()
    return DemoState(tmp_path)


def endpoints(simulator: Simulator) -> list[dict[str, Any]]:
    request = urllib.request.Request(
        f"{simulator.url}/v1/webhook_endpoints", headers={"Authorization": f"Bearer {KEY}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: list[dict[str, Any]] = json.load(answer)["data"]
        return found


def test_one_endpoint_is_made_once_and_its_secret_kept(state: DemoState, simulator: Simulator) -> None:
    url = "http://127.0.0.1:8000/hook/"
    secret = register_webhook_endpoint(simulator_url=simulator.url, url=url, state=state)

    again = register_webhook_endpoint(simulator_url=simulator.url, url=url, state=DemoState(state.path.parent))

    assert again == secret
    assert secret.startswith("whsec_")
    assert [(found["url"], found["enabled_events"]) for found in endpoints(simulator)] == [(url, ["*"])]


def test_the_endpoint_follows_the_port(state: DemoState, simulator: Simulator) -> None:
    secret = register_webhook_endpoint(simulator_url=simulator.url, url="http://127.0.0.1:8000/hook/", state=state)

    moved = register_webhook_endpoint(simulator_url=simulator.url, url="http://127.0.0.1:8001/hook/", state=state)

    assert moved == secret
    assert [found["url"] for found in endpoints(simulator)] == ["http://127.0.0.1:8001/hook/"]
    assert DemoState(state.path.parent).get("webhook_endpoint")["url"] == "http://127.0.0.1:8001/hook/"


def test_an_endpoint_that_the_simulator_forgot_is_made_anew(state: DemoState, simulator: Simulator) -> None:
    url = "http://127.0.0.1:8000/hook/"
    register_webhook_endpoint(simulator_url=simulator.url, url=url, state=state)
    simulator.reset()

    secret = register_webhook_endpoint(simulator_url=simulator.url, url=url, state=state)

    assert [found["url"] for found in endpoints(simulator)] == [url]
    assert state.get("webhook_endpoint") == {"id": endpoints(simulator)[0]["id"], "url": url, "secret": secret}
