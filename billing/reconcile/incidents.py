"""What staff do with an incident: take it on, close it with a word why."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from billing.errors import NotOpen
from billing.models import CreditNote, Incident, QuantityChange

State = Incident.State


def incident_of(account: Account, change: QuantityChange) -> Incident | None:
    """The difference between quote and charge of a purchase, with its credit note, if there is one."""
    return (
        Incident.objects.filter(account=account, change=change, kind=Incident.Kind.CHARGE_DIFFERS)
        .select_related("credit_note")
        .first()
    )


@transaction.atomic
def acknowledge_incident(*, incident: Incident, actor: Actor, at: datetime, note: str) -> Incident:
    """Say that somebody is on it. Raises NotOpen when it is resolved."""
    return _move(incident, State.ACKNOWLEDGED, actor, at, note)


@transaction.atomic
def resolve_incident(*, incident: Incident, actor: Actor, at: datetime, note: str) -> Incident:
    """Close it. Raises NotOpen when it is resolved, or while its credit note is on its way."""
    if CreditNote.objects.filter(incident=incident, state=CreditNote.State.CONFIRMED).exists():
        raise NotOpen(_("Its credit note is still on its way. Wait until it is issued or refused."))
    return _move(incident, State.RESOLVED, actor, at, note)


def _move(incident: Incident, state: State, actor: Actor, at: datetime, note: str) -> Incident:
    locked = Incident.objects.select_for_update(no_key=True, of=("self",)).get(pk=incident.pk)
    if locked.state == State.RESOLVED:
        raise NotOpen(_("This incident is resolved already."))
    locked.state, locked.note = state, note.strip()[:300]
    locked.handled_by, locked.handled_at = actor.user, at
    locked.save(update_fields=["state", "note", "handled_by", "handled_at"])
    record_audit(
        account=locked.account,
        actor=actor,
        action=f"incident.{state}",
        target=locked.public_id,
        summary=locked.note,
        kind=locked.kind,
    )
    return locked
