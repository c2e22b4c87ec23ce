"""What events ask for: read the objects they name again. Their content decides nothing (payments.md §6)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from billing import facts
from billing.changes.follow_refund import follow_refund
from billing.gateway.contract import RemoteInvoice
from billing.gateway.stripe_api import gateway
from billing.mirror.mirror_customer import refresh_customer
from billing.mirror.mirror_invoice import mirror_invoices, unpaid_of
from billing.mirror.queries import live_subscription
from billing.mirror.refresh import refresh_until_written
from billing.models import Customer, StripeEvent, Subscription

# Their news is on the customer: balance, address, card.
OF_CUSTOMER = ("customer.updated", "customer.deleted", "checkout.session.completed", "invoice.paid")
# Of a refund that was accepted; a bank may send it back.
OF_REFUND = ("charge.refund.updated", "refund.failed", "refund.updated")


class Overtaken(Exception):
    """Newer reads were always on their way, so ours was never written; whether theirs were is not known here."""


@dataclass
class Reading:
    """The reads for one batch: each object once. All the batch's events were claimed before, so one read covers all."""

    at: datetime
    customers: dict[str, Customer]
    read: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, events: Iterable[StripeEvent], at: datetime) -> "Reading":
        """With the customers that are ours among those named."""
        named = {event.customer_stripe_id for event in events} - {""}
        ours = Customer.objects.filter(stripe_id__in=named).select_related("account")
        return cls(at=at, customers={customer.stripe_id: customer for customer in ours})

    def concerns_us(self, event: StripeEvent) -> bool:
        """A stranger's event, or one of the other mode, is kept and never acted on."""
        customer = self.customers.get(event.customer_stripe_id)
        return customer is not None and customer.livemode == event.livemode

    def follow(self, events: list[StripeEvent]) -> None:
        """Read what these events of one subscription, or of one customer without one, are about.

        Raises GatewayError, Overtaken or RefundUnderWay: then none of them is done.
        """
        subscription_id = events[0].subscription_stripe_id
        if subscription_id:
            self._subscription(subscription_id)
        self._invoices(subscription_id, {event.object_id for event in events if event.kind.startswith("invoice.")})
        for event in events:
            if event.kind in OF_CUSTOMER and event.customer_stripe_id not in self.read:
                refresh_customer(stripe_id=event.customer_stripe_id, at=self.at)
                self.read.add(event.customer_stripe_id)
        for stripe_id in sorted({event.object_id for event in events if event.kind in OF_REFUND}):
            follow_refund(stripe_id=stripe_id, at=self.at)

    def _subscription(self, stripe_id: str) -> None:
        found = refresh_until_written(stripe_id=stripe_id, at=self.at)
        if found is None:
            return
        if not found.written:
            raise Overtaken(stripe_id)
        if found.remote.latest_invoice is not None:
            self.read.add(found.remote.latest_invoice.id)

    def _invoices(self, subscription_id: str, named: set[str]) -> None:
        """Read what the subscription did not bring along: several of them with one list, which holds the newest."""
        missing = named - self.read
        found: dict[str, RemoteInvoice] = {}
        if subscription_id and len(missing) > 1:
            newest = gateway().invoices_of(subscription_id, limit=min(len(missing) + 1, 100))
            found = {remote.id: remote for remote in newest if remote.id in missing}
        for stripe_id in sorted(missing - found.keys()):
            found[stripe_id] = gateway().invoice(stripe_id)
        self._write(list(found.values()))
        self.read |= missing

    def _write(self, remotes: list[RemoteInvoice]) -> None:
        """Invoices of ours, each subscription's together."""
        together: defaultdict[tuple[str, str], list[RemoteInvoice]] = defaultdict(list)
        for remote in remotes:
            together[remote.customer_id, remote.subscription_id].append(remote)
        for (customer_id, subscription_id), few in together.items():
            customer = self.customers.get(customer_id)
            if customer is None:
                continue
            subscription = Subscription.objects.filter(stripe_id=subscription_id).first()
            with transaction.atomic():
                unpaid = unpaid_of(customer.account)
                mirror_invoices(account=customer.account, subscription=subscription, remotes=few)
                # An invoice without a subscription, too, makes an account late (billing/dunning/queries.py).
                concerned = subscription or live_subscription(customer.account)
                if concerned is not None and unpaid != unpaid_of(customer.account):
                    facts.standing_changed.send(sender=Subscription, subscription=concerned, at=self.at)
