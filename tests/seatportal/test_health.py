"""What a load balancer asks: does the process answer, and can it work."""

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db


def test_live_says_that_the_process_answers(client: Client) -> None:
    answer = client.get("/livez")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_names_every_part(client: Client) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "migrations": "ok", "cache": "ok"}


def test_ready_names_the_part_that_fails(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache, "set", broken)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "unready",
        "database": "ok",
        "migrations": "ok",
        "cache": "ConnectionError",
    }


def test_a_log_line_is_json_with_the_id_of_its_request(
    client: Client, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    import json
    import logging.config

    from seatportal.observability.logs import logging_config

    logging.config.dictConfig(logging_config(level="INFO", style="json"))
    try:
        client.get("/livez", headers={"X-Request-ID": "req-42"})
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    finally:
        logging.config.dictConfig(logging_config(level="INFO", style="console"))

    finished = next(line for line in lines if line["event"] == "request_finished")
    assert finished["code"] == 200
    assert finished["request_id"]
    assert {line["request_id"] for line in lines} == {finished["request_id"]}
