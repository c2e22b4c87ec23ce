"""View as customer: who may, and its two lines in the audit trail."""

from typing import Any

from django.dispatch import receiver
from django.http import HttpRequest
from hijack.signals import hijack_ended, hijack_started

from accounts.access.actor import Actor, actor_of
from accounts.audit.record_audit import record_audit
from accounts.members.queries import accounts_of
from accounts.models import Account, User

PERMISSION = "accounts.impersonate_user"


def may_impersonate(*, hijacker: User, hijacked: User) -> bool:
    """Active staff with the permission (superusers have it) may view as an active customer, never as staff."""
    if not (hijacker.is_active and hijacker.is_staff and hijacked.is_active):
        return False
    if hijacked.is_staff or hijacked.is_superuser or hijacker.pk == hijacked.pk:
        return False
    return hijacker.has_perm(PERMISSION)


@receiver(hijack_started, dispatch_uid="accounts.impersonation_started")
def note_start(*, request: HttpRequest, hijacker: User, hijacked: User, **_: Any) -> None:
    """One entry in the trail of each account that the customer is in."""
    _note(request, hijacker, hijacked, "impersonation.started")


@receiver(hijack_ended, dispatch_uid="accounts.impersonation_ended")
def note_end(*, request: HttpRequest, hijacker: User, hijacked: User, **_: Any) -> None:
    """And one when it ends."""
    _note(request, hijacker, hijacked, "impersonation.ended")


def _note(request: HttpRequest, hijacker: User, hijacked: User, action: str) -> None:
    caller = actor_of(request)
    actor = Actor(user=hijacked, impersonator=hijacker, door="admin", ip=caller.ip, request_id=caller.request_id)
    trails: list[Account | None] = [*accounts_of(hijacked)]
    for account in trails or [None]:
        record_audit(account=account, actor=actor, action=action, target=hijacked.public_id, summary=str(hijacked))
