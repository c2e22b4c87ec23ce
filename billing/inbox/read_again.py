"""What events ask for: read the objects they name again. Their content decides nothing (payments.md §6)."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from billing import facts
from billing.changes.follow_refund import follow_refund
from billing.gateway.contract import RemoteInvoice
from billing.gateway.stripe_api import gateway
from billing.mirror.fence import confirm_reads, raise_fences
from billing.mirror.mirror_customer import customers_as_mirrored, refresh_customer, write_customer
from billing.mirror.mirror_invoice import FINAL, mirror_invoices, unpaid_of
from billing.mirror.queries import live_subscription
from billing.mirror.refresh import Read, read_subscriptions, refresh_until_written, write_read
from billing.models import Customer, Invoice, StripeEvent, Subscription

# Their news is on the customer: balance, address, card.
OF_CUSTOMER = ("customer.updated", "customer.deleted", "checkout.session.completed", "invoice.paid")
# Of a refund that was accepted; a bank may send it back.
OF_REFUND = ("charge.refund.updated", "refund.failed", "refund.updated")


class Overtaken(Exception):
    """Newer reads were always on their way, so ours was never written; whether theirs were is not known here."""


@dataclass
class Reading:
    """The reads for one batch: each object once. All the batch's events were claimed before, so one read covers all.

    read: ids of what needs no read any more.
    """

    at: datetime
    customers: dict[str, Customer]
    read: set[str] = field(default_factory=set)
    subscriptions: dict[str, Read | Exception] = field(default_factory=dict)
    fences: dict[str, int] = field(default_factory=dict)

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

    def prepare(self, events: Collection[StripeEvent]) -> None:
        """Read together what these events are about, and write at once what says nothing new.

        A subscription brings along its newest invoice, and its customer where an event is about that. Invoices that we
        hold in their last state need no read.
        """
        self.read |= _final_invoices(events)
        whose = {event.subscription_stripe_id: event.customer_stripe_id for event in events}
        whose.pop("", None)
        about = {event.subscription_stripe_id for event in events if event.kind in OF_CUSTOMER} - {""}
        self.fences |= raise_fences(Customer, {whose[each] for each in about} - self.read)
        found = read_subscriptions(stripe_ids=list(whose), with_customer=about, at=self.at)
        self.subscriptions |= found
        brought = {
            read.remote.customer.id: read.remote.customer
            for read in found.values()
            if isinstance(read, Read) and read.remote.customer is not None
        }
        old = customers_as_mirrored(list(brought.values()))
        self.read |= confirm_reads(Customer, {each: self.fences[each] for each in old & self.fences.keys()}, at=self.at)

    def follow(self, events: list[StripeEvent]) -> None:
        """Read and write what these events of one subscription, or of one customer without one, are about.

        Raises GatewayError, Overtaken or RefundUnderWay: then none of them is done.
        """
        subscription_id = events[0].subscription_stripe_id
        read = self.subscriptions.pop(subscription_id, None)
        if subscription_id:
            self._subscription(subscription_id, read)
        self._invoices(subscription_id, {event.object_id for event in events if event.kind.startswith("invoice.")})
        for stripe_id in {event.customer_stripe_id for event in events if event.kind in OF_CUSTOMER} - self.read:
            self._customer(stripe_id, read)
        for stripe_id in sorted({event.object_id for event in events if event.kind in OF_REFUND}):
            follow_refund(stripe_id=stripe_id, at=self.at)

    def _subscription(self, stripe_id: str, read: Read | Exception | None) -> None:
        if isinstance(read, Exception):
            raise read
        found = write_read(read=read, at=self.at) if read is not None else None
        if read is None or (found is not None and not found.written):
            found = refresh_until_written(stripe_id=stripe_id, at=self.at)
        if found is None:
            return
        if not found.written:
            raise Overtaken(stripe_id)
        if found.remote.latest_invoice is not None:
            self.read.add(found.remote.latest_invoice.id)

    def _customer(self, stripe_id: str, read: Read | Exception | None) -> None:
        """As the subscription brought it, if no newer read is under way; otherwise by a read of its own."""
        brought = read.remote.customer if isinstance(read, Read) else None
        fence = self.fences.get(stripe_id)
        written: bool | None = False
        if brought is not None and brought.id == stripe_id and fence is not None:
            written = write_customer(remote=brought, fence=fence, at=self.at)
        if not written:
            written = refresh_customer(stripe_id=stripe_id, at=self.at)
        if written is False:
            raise Overtaken(stripe_id)
        self.read.add(stripe_id)

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


def _final_invoices(events: Iterable[StripeEvent]) -> set[str]:
    """Those named that we hold in their last state, with their subscription."""
    named = {event.object_id: event.subscription_stripe_id for event in events if event.kind.startswith("invoice.")}
    held = Invoice.objects.filter(stripe_id__in=named, status__in=FINAL)
    return {
        stripe_id
        for stripe_id, owner in held.values_list("stripe_id", "subscription__stripe_id")
        if (owner or "") == named[stripe_id]
    }
