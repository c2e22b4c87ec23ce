"""The Python of docs/api.md runs as it stands there."""

import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from accounts.models import Invitation
from tests.conftest import Funded
from tests.integrator import integrator_of

DOCS = Path(__file__).resolve().parents[3] / "docs" / "api.md"


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
