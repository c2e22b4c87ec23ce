"""Our own code made wrong on purpose, in the children's memory. A matrix that lets one live proves nothing."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pkgutil import resolve_name
from typing import Any

from django.db import transaction

from accounts.access.actor import Actor
from billing.changes.buy_quote import accept_quote
from billing.models import IdleCredit, QuantityChange, Refund, StripeEvent, Subscription, SubscriptionItem
from billing.quotes.quote_quantity import quote_true_up
from seatportal.matrix.cuts import GATEWAY
from seatportal.matrix.processes import Cut
from seats.capacity.record_purchase import record_purchase
from seats.true_up.settle_true_up import key_of


@dataclass(frozen=True)
class Mutant:
    """One mistake. `aimed` are scenarios to try first; if they pass, the whole slice is tried."""

    name: str
    mistake: str
    cut: Cut
    aimed: tuple[str, ...]


def replace(place: str, name: str, made: Callable[[Any], Any]) -> Cut:
    """A cut that puts made(real) in the place of real."""
    return lambda: setattr(resolve_name(place), name, made(getattr(resolve_name(place), name)))


def _fresh_key(real: Any) -> Any:
    return lambda self, subscription, params, *, key: real(
        self, subscription, params, key=f"{key}:{secrets.token_hex(4)}"
    )


def _relative(real: Any) -> Any:
    def send(self: Any, subscription: str, params: dict[str, Any], *, key: str) -> None:
        change = QuantityChange.objects.get(idempotency_key=key)
        now = next(i.quantity for i in self.subscription(subscription).items if i.id == change.item_stripe_id)
        items = [{"id": change.item_stripe_id, "quantity": now + change.added}]
        real(self, subscription, {**params, "items": items}, key=key)

    return send


def _grant_at_click(real: Any) -> Any:
    @transaction.atomic
    def accept(**values: Any) -> QuantityChange:
        change: QuantityChange = real(**values)
        record_purchase(
            account=change.account, kind="bought", before=change.base_quantity, after=change.target_quantity,
            change=change, invoice_stripe_id="", actor=change.user, reason="", at=values["at"],
        )  # fmt: skip
        return change

    return accept


def _timeout_is_failure(real: Any) -> Any:
    doubt, no = resolve_name("billing.gateway.contract:InDoubt"), resolve_name("billing.gateway.contract:Refused")

    def send(*args: Any, **kwargs: Any) -> None:
        try:
            real(*args, **kwargs)
        except doubt as error:
            raise no(str(error)) from error

    return send


def _no_read_before_replay(real: Any) -> Any:
    item_of = resolve_name("billing.gateway.contract:RemoteItem")
    subscription_of = resolve_name("billing.gateway.contract:RemoteSubscription")
    replayed: set[int] = set()

    def read(change: QuantityChange, at: datetime) -> Any:
        if not change.calls or change.pk in replayed or change.state == QuantityChange.State.AWAITING_PAYMENT:
            return real(change, at)
        replayed.add(change.pk)
        row = change.subscription
        item = item_of(change.item_stripe_id, change.price_stripe_id, change.base_quantity, at, at)
        return subscription_of(
            id=row.stripe_id, customer_id="", status="active", currency=row.currency, collection_method="",
            billing_mode="", livemode=False, items=(item,), started_at=None, ended_at=None, cancel_at=None,
            trial_end=None, paused=False, schedule_id="", metadata={}, pending_metadata=None, pending_expires_at=None,
            latest_invoice=None, card=None,
        )  # fmt: skip

    return read


def _trust_the_payload(_real: Any) -> Any:
    def follow(reading: Any, events: list[StripeEvent]) -> None:
        for event in events:
            row = Subscription.objects.filter(stripe_id=event.object_id).first()
            if row is None:
                if event.kind.startswith("invoice."):
                    reading._invoices(event.subscription_stripe_id, {event.object_id})
                continue
            told = event.payload["data"]["object"]
            item = told["items"]["data"][0]
            known = SubscriptionItem.objects.get(stripe_id=item["id"])
            if known.quantity != item["quantity"]:
                before = known.quantity
                SubscriptionItem.objects.filter(pk=known.pk).update(quantity=item["quantity"])
                with transaction.atomic():
                    record_purchase(
                        account=row.account, kind="external", before=before, after=item["quantity"], change=None,
                        invoice_stripe_id="", actor=None, reason="", at=reading.at,
                    )  # fmt: skip
            Subscription.objects.filter(pk=row.pk).update(status=told["status"], synced_at=reading.at)

    return follow


def _new_refund(_real: Any) -> Any:
    gateway = resolve_name("billing.gateway.stripe_api:gateway")

    def send(refund: Any, _at: datetime) -> Any:
        params = {"payment_intent": refund.payment_stripe_id, "amount": refund.amount}
        return gateway().refund(params, key=f"refund:{refund.public_id}:{secrets.token_hex(4)}")

    return send


def _credit_first(_real: Any) -> Any:
    module = resolve_name("billing.changes.give_back")

    def send(refund: Any, at: datetime) -> None:
        module._read_amounts(refund)
        if refund.balance_amount and not refund.balance_stripe_id:
            module._keep(refund, balance_stripe_id=module._take(refund, refund.balance_amount, at))
        if refund.amount and not refund.refund_stripe_id:
            module._keep(refund, refund_stripe_id=module._refund(refund, at).id)
        module._end(refund, state=Refund.State.DONE, next_try_at=None, done_at=at)

    return send


def _forgets_its_charge(real: Any) -> Any:
    def charged(run: Any, at: datetime) -> bool:
        if run.change is not None and run.change.calls:
            quote = quote_true_up(
                account=run.account, actor=Actor.system("task"), add=run.target - run.purchased, at=at, present=False
            )
            run.attempts += 1
            run.change = accept_quote(
                quote=quote, actor=Actor.system("task"), at=at, true_up_key=key_of(run), present=False
            )
            run.save()
        return bool(real(run, at))

    return charged


def _new_note(_real: Any) -> Any:
    gateway = resolve_name("billing.gateway.stripe_api:gateway")
    return lambda note, _at: gateway().create_credit_note(note.params, key=f"{note.idempotency_key}:{note.calls}")


def _new_line(_real: Any) -> Any:
    module = resolve_name("billing.changes.credit_idle")
    gateway = resolve_name("billing.gateway.stripe_api:gateway")

    def send(credit: Any, at: datetime) -> None:
        made = gateway().create_invoice_item(credit.params, key=f"{credit.idempotency_key}:{secrets.token_hex(4)}")
        module._end(credit, IdleCredit.State.DONE, at, invoice_item_stripe_id=made.id)

    return send


def _price_alone(real: Any) -> Any:
    def params(**values: Any) -> dict[str, Any]:
        made: dict[str, Any] = real(**values)
        if values.get("price_id"):
            del made["items"][0]["quantity"]
        return made

    return params


MUTANTS: tuple[Mutant, ...] = (
    Mutant("fresh-key", "every try has a new key", replace(GATEWAY, "update_subscription", _fresh_key),
           ("F4/ok/late",)),
    Mutant("relative-quantity", "what is there now, plus what was bought",
           replace(GATEWAY, "update_subscription", _relative), ("F25.between/ok/late",)),
    Mutant("grant-at-click", "seats before the money",
           replace("billing.changes.buy_quote", "accept_quote", _grant_at_click),
           ("F15/declined/late",)),
    Mutant("timeout-is-failure", "no answer is taken for a no",
           replace(GATEWAY, "update_subscription", _timeout_is_failure), ("F4/ok/late",)),
    Mutant("no-recovery", "nobody looks after what a crash left",
           replace("seatportal.matrix.stage", "finish_open_changes", lambda _real: lambda **_: 0), ("F1/ok/lost",)),
    Mutant("unfenced-refresh", "a slow read may overwrite a newer one",
           replace("billing.mirror.refresh", "raise_fences", lambda _real: lambda *_: {}), ("F28/ok/late",)),
    Mutant("no-read-before-replay", "recovery sends without looking",
           replace("billing.changes.finish_change", "_read", _no_read_before_replay), ("F26/ok/late",)),
    Mutant("trust-the-payload", "an event's content is copied",
           replace("billing.inbox.read_again:Reading", "follow", _trust_the_payload), ("F20/ok/reversed",)),
    Mutant("refund-again", "a refund whose answer was lost is made anew",
           replace("billing.changes.give_back", "_refund", _new_refund), ("K1.refunded/ok/late",)),
    Mutant("credit-before-refund", "the credit is taken before the card has its money",
           replace("billing.changes.give_back", "_send_to_card", _credit_first), ("K1.taken/ok/late",)),
    Mutant("price-without-quantity", "another price is sent alone, and the number falls to one",
           replace("billing.changes.buy_quote", "update_params", _price_alone), ("K2.executed/ok/late",)),
    Mutant("true-up-again", "what was charged before a crash is charged again",
           replace("seats.true_up.settle_true_up", "_charged", _forgets_its_charge), ("K3.executed/ok/late",)),
    Mutant("credit-note-again", "a credit note whose answer was lost is issued anew",
           replace("billing.reconcile.issue_credit_note", "_find_or_send", _new_note), ("K4.issued/ok/late",)),
    Mutant("idle-credit-again", "an idle credit whose answer was lost is put on the invoice anew",
           replace("billing.changes.credit_idle", "_send", _new_line), ("K5.taken/ok/late",)),
)  # fmt: skip

BY_NAME = {mutant.name: mutant for mutant in MUTANTS}
