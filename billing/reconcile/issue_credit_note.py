"""Give back what was charged too much: one row, one key, one credit note, whatever dies in between."""

from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from billing.changes.rules import KEY_LIFE, backoff
from billing.errors import NothingToCredit, NotOpen, ProviderUnavailable
from billing.gateway.contract import GatewayError, Refused, RemoteCreditNote
from billing.gateway.credit_notes import STAMP
from billing.gateway.stripe_api import gateway
from billing.models import CreditNote, Incident, QuantityChange, Subscription
from seatportal.kit.ids import public_id

log = structlog.get_logger(__name__)
State = CreditNote.State


def issue_credit_note(*, incident: Incident, actor: Actor, at: datetime, reason: str) -> CreditNote:
    """Credit exactly charged − quoted, as both stand on the incident, and resolve it once Stripe has issued the note.

    To the card where it paid at least that much, otherwise to the customer's balance. A second click carries on the
    first one's note. Raises NotOpen, NothingToCredit, ProviderUnavailable (nothing was stored).
    """
    known = CreditNote.objects.filter(incident=incident).first()
    if known is None:
        try:
            bill = gateway().invoice(incident.invoice_stripe_id)
        except GatewayError as error:
            raise ProviderUnavailable from error
        known = _accept(incident, to_card=bill.amount_paid >= incident.creditable, actor=actor, at=at, reason=reason)
    return finish_credit_note(note_id=known.pk, at=at)


def finish_credit_note(*, note_id: int, at: datetime) -> CreditNote:
    """Carry one on as far as Stripe answers now. Safe to repeat at any point; never raises for Stripe."""
    note = _claim(note_id, at)
    if note is None:
        return CreditNote.objects.get(pk=note_id)
    try:
        issued = _find_or_send(note, at)
    except Refused as error:
        _keep(note, state=State.REFUSED, error=str(error)[:300], next_try_at=None)
        log.error("credit_note_refused", note=note.public_id, code=error.code)
        return note
    except GatewayError as error:
        _keep(note, error=f"{type(error).__name__}: {error}"[:300], next_try_at=at + backoff(note.calls))
        log.warning("credit_note_not_finished", note=note.public_id, error=type(error).__name__)
        return note
    _settle(note, issued, at)
    return note


def finish_credit_notes(*, at: datetime) -> int:
    """Carry on what a crash or a lost answer left; returns how many were looked at. One that fails stops no other."""
    ids = list(CreditNote.objects.filter(state=State.CONFIRMED, next_try_at__lte=at).values_list("pk", flat=True)[:50])
    for pk in ids:
        try:
            finish_credit_note(note_id=pk, at=at)
        except Exception:
            log.exception("credit_note_not_carried_on", note_id=pk)
    return len(ids)


@transaction.atomic
def _accept(incident: Incident, *, to_card: bool, actor: Actor, at: datetime, reason: str) -> CreditNote:
    """The row with its key and every parameter; nothing is sent yet."""
    # Serializes with an undo of the purchase, which gives the same money back (changes/undo_change.py).
    Subscription.objects.select_for_update(no_key=True).get(pk=incident.subscription_id)
    locked = Incident.objects.select_for_update(no_key=True, of=("self",)).get(pk=incident.pk)
    known = CreditNote.objects.filter(incident=locked).first()
    if known is not None:
        return known
    if locked.state not in Incident.UNRESOLVED:
        raise NotOpen
    if not locked.creditable or not locked.invoice_stripe_id:
        raise NothingToCredit
    live = (*QuantityChange.OPEN, QuantityChange.State.APPLIED)
    if locked.change_id and QuantityChange.objects.filter(undoes=locked.change_id, state__in=live).exists():
        raise NothingToCredit  # The undo gives all of it back.
    note_id = public_id("crn")
    params: dict[str, Any] = {
        "invoice": locked.invoice_stripe_id,
        "amount": locked.creditable,
        "refund_amount" if to_card else "credit_amount": locked.creditable,
        "reason": "order_change",
        "metadata": {STAMP: note_id},
    }
    note = CreditNote.objects.create(
        public_id=note_id,
        account=locked.account,
        incident=locked,
        user=actor.user,
        reason=reason[:200],
        invoice_stripe_id=locked.invoice_stripe_id,
        amount=locked.creditable,
        currency=locked.currency,
        params=params,
        idempotency_key=f"credit:{note_id}:1",
        next_try_at=at,
    )
    record_audit(
        account=locked.account,
        actor=actor,
        action="credit_note.confirmed",
        target=note_id,
        summary=reason,
        incident=locked.public_id,
        amount=note.amount,
        currency=note.currency,
    )
    return note


def _claim(note_id: int, at: datetime) -> CreditNote | None:
    """One process at a time; whoever dies leaves it to the sweep."""
    free = CreditNote.objects.filter(pk=note_id, state=State.CONFIRMED, next_try_at__lte=at)
    row = free.select_related("incident", "account").first()
    if row is None or not free.filter(calls=row.calls).update(
        calls=F("calls") + 1, first_call_at=Coalesce(F("first_call_at"), at), next_try_at=at + backoff(row.calls + 3)
    ):
        return None
    row.refresh_from_db(fields=["calls", "first_call_at", "next_try_at"])
    return row


def _find_or_send(note: CreditNote, at: datetime) -> RemoteCreditNote:
    """After a first call the note is looked for before anything is sent; an old key is never sent again."""
    if note.calls > 1:
        found = gateway().find_credit_note(note.invoice_stripe_id, note.public_id)
        if found is not None:
            return found
        if note.first_call_at is not None and at - note.first_call_at >= KEY_LIFE:
            raise Refused("the key is too old to be sent again", code="key_too_old")
    return gateway().create_credit_note(note.params, key=note.idempotency_key)


@transaction.atomic
def _settle(note: CreditNote, issued: RemoteCreditNote, at: datetime) -> None:
    _keep(note, state=State.ISSUED, stripe_id=issued.id, number=issued.number, error="", next_try_at=None, issued_at=at)
    Incident.objects.filter(pk=note.incident_id).update(
        state=Incident.State.RESOLVED, handled_by=note.user, handled_at=at, note=note.reason
    )
    record_audit(
        account=note.account,
        actor=Actor.system("stripe"),
        action="credit_note.issued",
        target=note.public_id,
        summary=issued.number,
        amount=note.amount,
        currency=note.currency,
    )


def _keep(note: CreditNote, **values: object) -> None:
    for name, value in values.items():
        setattr(note, name, value)
    note.save(update_fields=list(values))
