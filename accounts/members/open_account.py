"""A new customer organisation and its first owner."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.facts import account_opened
from accounts.members.add_member import add_member
from accounts.models import Account, Role, User
from seatportal.kit.ids import public_id

_TRIES = 5


@transaction.atomic
def open_account(*, name: str, user: User, at: datetime, actor: Actor) -> Account:
    """Open an account in the user's language, with the user as owner. Tells account_opened, then member_joined."""
    account = _create(name.strip(), user)
    record_audit(account=account, actor=actor, action="account.opened", target=account.public_id, summary=account.name)
    account_opened.send(sender=Account, account=account, actor=actor, at=at)
    add_member(account=account, user=user, role=Role.OWNER, at=at, actor=actor)
    return account


def _create(name: str, user: User) -> Account:
    """Take the name as the address; when somebody has it, or takes it meanwhile, add four random characters."""
    wanted = slugify(name)[:50].strip("-") or "account"
    slug = wanted
    for _ in range(_TRIES):
        if not Account.objects.filter(slug=slug).exists():
            try:
                with transaction.atomic():
                    return Account.objects.create(
                        name=name, slug=slug, locale=user.locale, time_zone=user.time_zone or "UTC"
                    )
            except IntegrityError:  # taken since the look
                pass
        slug = f"{wanted}-{public_id('')[1:5]}"
    raise RuntimeError("No free address was found for the account.")
