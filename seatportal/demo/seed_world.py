"""Build the demo's world once, and tell its logins every time."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection

from accounts.models import Account, User
from seatportal.demo.state import DemoState
from seatportal.demo.world import build_world


class SeedRefused(Exception):
    """The world cannot be built here; the message says why and what to do."""


def seed_world(*, simulator_url: str, directory: Path, at: datetime) -> dict[str, Any]:
    """Build the world in an empty database, or find the one built before; return its logins either way.

    directory keeps the logins, readable by its owner only. A build that was cut short is taken down and begun again.
    Raises SeedRefused; OSError when the simulator does not answer.
    """
    if not simulator_url:
        raise SeedRefused("The demo's world lives at the local Stripe simulator. Set STRIPE_API_BASE to its address.")
    directory.mkdir(parents=True, exist_ok=True)
    state = DemoState(directory)
    if state.get("logins") and Account.objects.filter(public_id=state.get("account")).exists():
        found: dict[str, Any] = state.get("logins")
        return found
    if User.objects.exists():
        if not state.get("unfinished"):
            raise SeedRefused(
                "This database holds people already. The demo's world needs an empty one; name another in DATABASE_URL."
            )
        call_command("flush", interactive=False, verbosity=0)
    state.put(unfinished=True, logins=None, account=None)
    with connection.cursor() as cursor:
        # A crash means to begin again, so no commit has to reach the disk by itself.
        cursor.execute("SET synchronous_commit = off")
    world = build_world(simulator_url=simulator_url, now=at)
    with connection.cursor() as cursor:
        cursor.execute("RESET synchronous_commit")
    state.put(unfinished=False, logins=world.logins, account=world.account.public_id)
    return world.logins
