"""The stakeholder map of an account, and who at the vendor looks after it (product.md D5, E14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Membership, User
from seats.models import AccountManager, Contact

Role = Contact.Role


@transaction.atomic
def name_contact(
    *,
    account: Account,
    role: str,
    actor: Actor,
    membership: Membership | None = None,
    name: str = "",
    email: str = "",
    influence: str = Contact.Influence.MEDIUM,
    last_contact_on: date | None = None,
    note: str = "",
) -> Contact:
    """Put somebody on the map; the same member in the same part is changed instead."""
    if membership is not None:
        name, email = name or membership.user.name, email or membership.user.email
    values = {"name": name, "email": email, "influence": influence, "last_contact_on": last_contact_on, "note": note}
    if membership is not None:
        contact, _new = Contact.objects.update_or_create(
            account=account, membership=membership, role=role, ended_at=None, defaults=values
        )
    else:
        contact = Contact.objects.create(account=account, role=role, **values)
    record_audit(account=None, actor=actor, action="contact.named", target=contact.public_id, summary=name, role=role)
    return contact


@transaction.atomic
def take_off_contact(*, contact: Contact, actor: Actor, at: datetime, reason: str) -> None:
    """Take somebody off the map; the row stays as history."""
    if Contact.objects.filter(pk=contact.pk, account=contact.account_id, ended_at__isnull=True).update(ended_at=at):
        record_audit(account=None, actor=actor, action="contact.taken_off", target=contact.public_id, summary=reason)


@transaction.atomic
def assign_manager(*, account: Account, user: User, leads: bool, actor: Actor) -> AccountManager:
    """Let somebody of the staff look after an account. There is one lead: a new one takes the place of the former."""
    if leads:
        AccountManager.objects.filter(account=account, leads=True).exclude(user=user).update(leads=False)
    row, _new = AccountManager.objects.update_or_create(account=account, user=user, defaults={"leads": leads})
    record_audit(
        account=None, actor=actor, action="manager.assigned", target=account.public_id, summary=user.email, leads=leads
    )
    return row


def contacts_of(account: Account) -> list[Contact]:
    """The map, by part."""
    return list(
        Contact.objects.filter(account=account, ended_at__isnull=True)
        .select_related("membership__user", "membership__department")
        .order_by("role", "name", "pk")
    )


@dataclass(frozen=True)
class Coverage:
    """How many people would have to leave until nobody is known any more: departments and parts (product.md E14).

    Two of either protect from one person's leaving.
    """

    departments: int
    roles: int

    @property
    def percent(self) -> int:
        """A quarter for each of two departments and two parts."""
        return 25 * (min(self.departments, 2) + min(self.roles, 2))

    @property
    def enough(self) -> bool:
        """Whether at least two departments or two parts are known."""
        return self.departments >= 2 or self.roles >= 2


def coverage_of(contacts: Sequence[Contact]) -> Coverage:
    """Of those who are still there. Pure."""
    living = [contact for contact in contacts if contact.membership is None or contact.membership.left_at is None]
    departments = {c.membership.department_id for c in living if c.membership and c.membership.department_id}
    return Coverage(len(departments), len({contact.role for contact in living}))


def gaps_in(contacts: Sequence[Contact]) -> list[str | Promise]:
    """What the map lacks: an approver, a sponsor, a champion, and people in two departments at least. Pure."""
    living = [contact for contact in contacts if contact.membership is None or contact.membership.left_at is None]
    roles = {contact.role for contact in living}
    gaps: list[str | Promise] = []
    if Role.APPROVER not in roles:
        gaps.append(_("No approver known"))
    if Role.CHAMPION not in roles:
        gaps.append(_("No champion known"))
    if Role.SPONSOR not in roles:
        gaps.append(_("No executive sponsor known"))
    if not coverage_of(contacts).enough:
        gaps.append(_("Everybody known is in one department and one part"))
    return gaps
