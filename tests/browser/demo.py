"""The demo's first account, built as the demo builds it but without its neighbours."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Account, Membership
from billing.catalog.sync_catalog import sync_catalog
from seatportal.demo import catalogue, stories
from seatportal.demo.firm import Firm
from seatportal.demo.timeline import Timeline
from seatportal.demo.vendor import Vendor
from seatportal.demo.world import BEGINNING
from tests.desk import Desk
from tests.services import Simulator


@dataclass(frozen=True)
class Studio:
    """Brightwater Studio: ten seats, nine held, eight active."""

    firm: Firm
    desk: Desk

    @property
    def account(self) -> Account:
        return self.firm.account

    @property
    def owner(self) -> Membership:
        return self.firm.people["maya"]


def build_studio(simulator: Simulator, now: datetime) -> Studio:
    """Play its story up to `now`; the simulator is emptied first and its time begins in the past."""
    vendor = Vendor(simulator.url)
    vendor.begin(ago=BEGINNING, now=now)
    catalogue.publish(vendor)
    if stories.half_way(now) is None:
        catalogue.publish_thirty_days(vendor)
    sync_catalog()
    line = Timeline(vendor)
    firm = stories.brightwater(line, vendor, now)
    line.play(until=now)
    return Studio(firm, Desk(simulator))
