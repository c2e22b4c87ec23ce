"""What an account notes about somebody who is still to join."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from accounts.models import Invitation, Membership, Region


@dataclass(frozen=True)
class Details:
    """Kept with an invitation and carried to the membership. manager_email: lower case; need not have joined yet."""

    region: Region | None = None
    title: str = ""
    employment: str = Membership.Employment.EMPLOYEE
    ends_on: date | None = None
    level: str = Membership.Level.NONE
    external_id: str = ""
    manager_email: str = ""

    @property
    def fields(self) -> dict[str, Any]:
        """Of an invitation."""
        return asdict(self) | {"region": self.region}


NO_DETAILS = Details()


def details_of(invitation: Invitation) -> dict[str, Any]:
    """What the membership starts with; an id that somebody has meanwhile is left out."""
    wanted = invitation.external_id
    known = Membership.objects.filter(account=invitation.account_id, external_id=wanted, left_at__isnull=True)
    names = ("title", "department", "region", "employment", "ends_on", "level", "manager_email")
    return {name: getattr(invitation, name) for name in names} | {
        "external_id": "" if wanted and known.exists() else wanted
    }
