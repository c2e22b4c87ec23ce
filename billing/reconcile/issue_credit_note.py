"""Give back what was charged too much: one row, one key, one credit note, whatever dies in between.

What an invoice still asks for, a credit note takes off by itself; only what was paid beyond that has to go somewhere,
to the card or to the balance. Stripe refuses every other sum, so the invoice is read afresh before each attempt.
"""

from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from billing import facts
from billing.changes.rules import KEY_LIFE, backoff
from billing.errors import NothingToCredit, NotOpen, ProviderUnavailable
from billing.gateway.contract import GatewayError, InDoubt, Refused, RemoteCreditNote
from billing.gateway.credit_notes import STAMP
from billing.gateway.stripe_api import gateway
from billing.mirror.mirror_invoice import mirror_invoices
from billing.models import CreditNote, Incident, QuantityChange, Subscription
from billing.reconcile.rules import credit_amounts
from seatportal.kit.ids import public_id

log = structlog.get_logger(__name__)
State = CreditNote.State


def issue_credit_note(*, incident: Incident, actor: Actor, at: datetime, reason: str) -> CreditNote:
    """Credit exactly charged − quoted, as both stand on the incident, and resolve it once Stripe has issued the note.

    An open invoice asks for less; what was paid goes to the card where it paid at least that much, otherwise to the
    customer's balance. A second click carries on the first one's note, or tries again one that Stripe refused.
    Raises NotOpen, NothingToCredit, ProviderUnavailable (nothing was stored).
    """
    known = CreditNote.objects.filter(incident=incident).first()
    if known is None or known.state == State.REFUSED:
        try:
            bill = gateway().invoice(incident.invoice_stripe_id)
            by_card = bool(gateway().paid_by(bill.id)) if bill.amount_paid else False
        except GatewayError as error:
            raise ProviderUnavailable from error
        amounts = credit_amounts(bill, incident.creditable, by_card=by_card)
        known = _accept(incident, amounts, actor=actor, at=at, reason=reason)
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
    _mirror(note)
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
def _accept(incident: Incident, amounts: dict[str, int], *, actor: Actor, at: datetime, reason: str) -> CreditNote:
    """The row with its key and every parameter; nothing is sent yet. A refused one gets those of its next attempt."""
    # Serializes with an undo of the purchase, which gives the same money back (changes/undo_change.py).
    Subscription.objects.select_for_update(no_key=True).get(pk=incident.subscription_id)
    locked = Incident.objects.select_for_update(no_key=True, of=("self",)).get(pk=incident.pk)
    known = CreditNote.objects.filter(incident=locked).first()
    if known is not None and known.state != State.REFUSED:
        return known
    if locked.state not in Incident.UNRESOLVED:
        raise NotOpen
    if not locked.creditable or not locked.invoice_stripe_id:
        raise NothingToCredit
    live = (*QuantityChange.OPEN, QuantityChange.State.APPLIED)
    if locked.change_id and QuantityChange.objects.filter(undoes=locked.change_id, state__in=live).exists():
        raise NothingToCredit  # The undo gives all of it back.
    note = known or CreditNote(public_id=public_id("crn"), account=locked.account, incident=locked, attempt=0)
    params: dict[str, Any] = {
        "invoice": locked.invoice_stripe_id,
        "amount": locked.creditable,
        "reason": "order_change",
        "metadata": {STAMP: note.public_id},
    }
    note.user, note.reason, note.state, note.error = actor.user, reason[:200], State.CONFIRMED, ""
    note.invoice_stripe_id, note.currency = locked.invoice_stripe_id, locked.currency
    note.amount, note.params = locked.creditable, params | amounts
    note.attempt += 1
    note.idempotency_key = f"credit:{note.public_id}:{note.attempt}"
    note.calls, note.first_call_at, note.next_try_at = 0, None, at
    note.save()
    record_audit(
        account=locked.account,
        actor=actor,
        action="credit_note.confirmed",
        target=note.public_id,
        summary=reason,
        incident=locked.public_id,
        amount=note.amount,
        currency=note.currency,
        attempt=note.attempt,
    )
    return note


def _claim(note_id: int, at: datetime) -> CreditNote | None:
    """One process at a time; whoever dies leaves it to the sweep."""
    free = CreditNote.objects.filter(pk=note_id, state=State.CONFIRMED, next_try_at__lte=at)
    row = free.select_related("incident__subscription", "account").first()
    if row is None or not free.filter(calls=row.calls).update(
        calls=F("calls") + 1, first_call_at=Coalesce(F("first_call_at"), at), next_try_at=at + backoff(row.calls + 3)
    ):
        return None
    row.refresh_from_db(fields=["calls", "first_call_at", "next_try_at"])
    return row


def _find_or_send(note: CreditNote, at: datetime) -> RemoteCreditNote:
    """After a first call the note is looked for before anything is sent; an old key is never sent again."""
    if note.calls > 1 or note.attempt > 1:
        try:
            found = gateway().find_credit_note(note.invoice_stripe_id, note.public_id)
        except Refused as error:
            # That we may not look says nothing about what was sent: with a no, the purchase could be undone as well.
            raise InDoubt(str(error), code=error.code) from error
        if found is not None:
            return found
        if note.first_call_at is not None and at - note.first_call_at >= KEY_LIFE:
            raise Refused("the key is too old to be sent again", code="key_too_old")
    return gateway().create_credit_note(note.params, key=note.idempotency_key)


@transaction.atomic
def _settle(note: CreditNote, issued: RemoteCreditNote, at: datetime) -> None:
    _keep(
        note,
        state=State.ISSUED,
        stripe_id=issued.id,
        number=issued.number,
        asked_less=issued.before_payment,
        error="",
        next_try_at=None,
        issued_at=at,
    )
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


def _mirror(note: CreditNote) -> None:
    """What an open invoice asks for now; no event of ours tells. Unread, it is as before until it is paid."""
    if not note.asked_less:
        return
    try:
        bill = gateway().invoice(note.invoice_stripe_id)
    except GatewayError as error:
        log.warning("credited_invoice_not_read", note=note.public_id, error=type(error).__name__)
        return
    with transaction.atomic():
        mirror_invoices(account=note.account, subscription=note.incident.subscription, remotes=[bill])
        facts.standing_changed.send(
            sender=Subscription, subscription=note.incident.subscription, at=note.issued_at or bill.created
        )


def _keep(note: CreditNote, **values: object) -> None:
    for name, value in values.items():
        setattr(note, name, value)
    note.save(update_fields=list(values))
