"""The demo's world: ten firms in every state worth seeing, made by the portal's own verbs against the simulator."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.access.actor import Actor
from accounts.access.roles import capabilities_of
from accounts.directory.connect import connect_directory
from accounts.keys.issue_api_key import issue_api_key
from accounts.models import Account, Role, User
from billing.catalog.sync_catalog import sync_catalog
from seatportal.demo import catalogue, stories
from seatportal.demo.account_team import account_team
from seatportal.demo.falkenried import falkenried
from seatportal.demo.firm import Firm, sign_up
from seatportal.demo.timeline import Timeline, stamped
from seatportal.demo.vendor import Vendor
from seatportal.kit.ids import ALPHABET

# The simulator's time begins here, before anything happened.
BEGINNING = timedelta(days=430)
STAFF_EMAIL = "imani.okafor@seatportal.example"


@dataclass(frozen=True)
class World:
    """The firms by their slug, the account of the logins, and what is printed.

    logins: admin, member and staff, each with email and password, api_key and scim_token.
    """

    firms: dict[str, Firm]
    account: Account
    logins: dict[str, Any]


def build_world(*, simulator_url: str, now: datetime) -> World:
    """Build everything up to `now` in an empty database; the simulator is emptied first.

    Raises OSError when the simulator does not answer.
    """
    vendor = Vendor(simulator_url)
    vendor.begin(ago=BEGINNING, now=now)
    catalogue.publish(vendor)
    if stories.half_way(now) is None:
        catalogue.publish_thirty_days(vendor)
    sync_catalog()
    line = Timeline(vendor)
    brightwater = stories.brightwater(line, vendor, now)
    firms = [
        brightwater,
        stories.quillmark(line, vendor, now),
        stories.harbourline(line, vendor, now, guest=brightwater),
        stories.saffron(line, vendor, now),
        stories.fernhollow(line, vendor, now),
        stories.valdeluz(line, vendor, now),
        stories.mizuhara(line, vendor, now),
        stories.tidewell(line, vendor, now),
        stories.northfen(line, vendor, now),
        falkenried(line, vendor, now),
    ]
    line.play(until=now)
    with stamped(now):
        logins = _logins(brightwater, now)
        account_team(firms, now)
    return World({firm.account.slug: firm for firm in firms}, brightwater.account, logins)


def _logins(firm: Firm, now: datetime) -> dict[str, Any]:
    [staff] = sign_up([("Imani Okafor", STAFF_EMAIL)], locale="en", at=now)
    staff.is_staff = staff.is_superuser = True
    owner = firm.people["maya"]
    _, api_key = issue_api_key(
        account=firm.account,
        name="Demo",
        scopes=capabilities_of(Role.OWNER),
        expires_at=None,
        membership=owner,
        actor=Actor(user=owner.user, door="demo"),
        at=now,
    )
    _, scim_token = connect_directory(
        account=firm.account, name="Demo", membership=owner, actor=Actor(user=owner.user, door="demo"), at=now
    )
    return {
        "admin": _with_password(owner.user),
        "member": _with_password(firm.people["priya"].user),
        "staff": _with_password(staff),
        "api_key": api_key,
        "scim_token": scim_token,
    }


def _with_password(user: User) -> dict[str, str]:
    password = "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3))
    user.set_password(password)
    user.save()
    return {"email": user.email, "password": password}
