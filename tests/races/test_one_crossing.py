"""One crossing of 80 %: five processes sweep at once, one of them dies by SIGKILL in the middle.

Exactly one signal, one alert, one task and one mail, wherever it died.
"""

import json
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from django.core import mail

from accounts.models import Account, User
from seats.growth.deliver_alert import deliver_alert, ring_waiting_alerts
from seats.growth.sweep import work_sweeps
from seats.models import Alert, AlertDelivery, ExpansionTask, Signal, Sweep, SweepShard
from tests.letterbox import letterbox
from tests.seats.growth.conftest import Fill, fill, staff_member
from tests.sweeping import STEPS

__all__ = ["fill", "staff_member"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


@pytest.mark.parametrize(("way", "step"), [*(("round", step) for step in STEPS), ("account", STEPS[2])])
def test_five_at_once_and_one_killed(
    account: Account,
    staff_member: User,
    fill: Fill,
    now: datetime,
    child_environment: dict[str, str],
    way: str,
    step: str,
) -> None:
    fill(purchased=10, assigned=8, active=8)
    with letterbox() as box:
        child = subprocess.run(
            [sys.executable, "-m", "tests.sweeping", step, way, account.slug],
            env={
                **child_environment,
                "DJANGO_SETTINGS_MODULE": "seatportal.settings",
                "EMAIL_URL": box.url,
                "LOG_LEVEL": "ERROR",
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert child.returncode == 0, child.stderr
    assert json.loads(child.stdout) == [-9, 0, 0, 0, 0], child.stderr

    # What the minute's bells do with what the dead one left.
    later = now + timedelta(minutes=10)
    while work_sweeps(at=later):
        pass
    ring_waiting_alerts(at=later)
    for pk in AlertDelivery.objects.values_list("pk", flat=True):
        deliver_alert(delivery_id=pk, at=later)

    assert [signal.kind for signal in Signal.objects.all()] == ["crossed_80"]
    assert Alert.objects.count() == 1
    assert ExpansionTask.objects.count() == 1
    assert AlertDelivery.objects.get(channel="mail").sent_at is not None
    assert len(box.letters) + len(mail.outbox) == 1
    if way == "round":
        assert Sweep.objects.get().finished_at is not None
        assert not SweepShard.objects.filter(done_at=None).exists()
