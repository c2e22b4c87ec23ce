"""The Python of docs/api.md runs as it stands there."""

import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from drf_spectacular.generators import SchemaGenerator
from pytest_django.live_server_helper import LiveServer

from accounts.models import Invitation
from tests.conftest import Funded
from tests.integrator import integrator_of

DOCS = Path(__file__).resolve().parents[3] / "docs" / "api.md"


def test_every_address_of_the_guide_is_described() -> None:
    """With its method: what is copied from the guide never meets a 404 or 405 of the map."""
    described = SchemaGenerator().get_schema(request=None, public=True)["paths"]  # type: ignore[no-untyped-call]
    blocks = re.findall(r"```sh\n(.*?)```", DOCS.read_text(), re.DOTALL)
    commands = [line for block in blocks for line in re.sub(r"\\\n", " ", block).splitlines() if "/api/v1/" in line]
    assert len(commands) > 20
    for command in commands:
        path = re.search(r"(/api/v1/[^\s\"?]+)", command)
        assert path is not None, command
        shape = re.sub(r"/(\w+_…|\d+)", "/[^/]+", path[1])
        method = re.search(r"-X (\w+)", command)
        sends = "post" if "-d '" in command else "get"
        wanted = method[1].lower() if method else sends
        found = [ops for name, ops in described.items() if re.fullmatch(shape, name)]
        assert any(wanted in ops for ops in found), command


@pytest.mark.django_db(transaction=True)
def test_an_integrator_copies_it_and_buys(funded: Funded, now: datetime, live_server: LiveServer) -> None:
    code = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)[0]
    secret = integrator_of(funded.owner, now, "seats.buy", "seats.assign").secret

    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"PORTAL": live_server.url, "KEY": secret, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.stderr == ""
    assert ran.stdout == "8000 usd now, 58000 on the next invoice\napplied 8000\n"
    assert Invitation.objects.get().email == "lena@example.com"
