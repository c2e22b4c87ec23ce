"""Seats on credit: an invoice that stays open, within a limit."""

from datetime import datetime
from typing import Any

import pytest

from accounts.models import Membership
from billing.changes.buy_quote import buy_quote
from billing.errors import (
    CreditLimitReached,
    NotSelfService,
)
from billing.mirror.refresh import refresh_subscription
from billing.models import Invoice, QuantityChange, Quote
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.set_terms import set_terms
from seats.models import SeatPool
from tests.billing.changes.test_quote_is_charge import bought
from tests.conftest import Funded, FundMaker

pytestmark = pytest.mark.django_db(transaction=True)


class TestOnCredit:
    """Customers who pay by invoice: seats at once, up to a limit."""

    @pytest.fixture
    def invoiced(self, owner: Membership, fund: FundMaker, now: datetime) -> Funded:
        """Ten seats on a paid invoice, net 30."""
        funded = fund(owner, collection_method="send_invoice", days_until_due=30)
        [first] = funded.desk.invoices(funded.stripe_id)
        funded.desk.client.v1.invoices.pay(first["id"], {"paid_out_of_band": True})
        refresh_subscription(stripe_id=funded.stripe_id, at=now)
        return funded

    def agree(self, funded: Funded, limit: int, now: datetime, **more: Any) -> None:
        set_terms(account=funded.account, reason="Net 30", actor=funded.actor, at=now, credit_limit=limit, **more)

    def test_without_a_limit_nothing_is_sold_on_credit(self, invoiced: Funded, now: datetime) -> None:
        with pytest.raises(NotSelfService):
            quote_quantity(account=invoiced.account, actor=invoiced.actor, add=2, at=now)
        assert not Quote.objects.exists()

    @pytest.mark.parametrize(("given", "printed"), [("", "PO-TERMS"), (" PO 4711 ", "PO 4711")])
    def test_seats_count_at_once_and_the_invoice_is_open(
        self, invoiced: Funded, now: datetime, given: str, printed: str
    ) -> None:
        self.agree(invoiced, 8_000, now, po_number="PO-TERMS")

        quote = quote_quantity(account=invoiced.account, actor=invoiced.actor, add=2, at=now)
        change = bought(invoiced, quote, now, po_number=given)

        assert (quote.amount_due, quote.due_days, quote.on_credit) == (8_000, 30, True)
        assert "payment_behavior" not in change.params
        assert (change.on_credit, change.po_number) == (True, printed)
        [invoice] = invoiced.desk.invoices(invoiced.stripe_id, billing_reason="subscription_update")
        assert invoice["status"] == "open"
        assert invoice["custom_fields"] == [{"name": "PO number", "value": printed}]
        assert invoice["due_date"] - invoice["created"] == 30 * 86_400
        assert SeatPool.objects.get(account=invoiced.account).purchased == 12
        assert Invoice.objects.get(stripe_id=invoice["id"]).status == "open"

    def test_open_invoices_and_this_one_together_stay_within_the_limit(self, invoiced: Funded, now: datetime) -> None:
        self.agree(invoiced, 11_999, now)
        quote = quote_quantity(account=invoiced.account, actor=invoiced.actor, add=2, at=now)
        buy_quote(account=invoiced.account, quote_id=quote.public_id, actor=invoiced.actor, at=now)

        with pytest.raises(CreditLimitReached) as refused:
            quote_quantity(account=invoiced.account, actor=invoiced.actor, add=1, at=now)

        assert refused.value.data == {"limit": 11_999, "open": 8_000, "amount_due": 4_000, "currency": "usd"}
        assert invoiced.desk.quantity(invoiced.stripe_id) == 12
        self.agree(invoiced, 12_000, now)
        assert quote_quantity(account=invoiced.account, actor=invoiced.actor, add=1, at=now).amount_due == 4_000

    def test_a_limit_that_fell_meanwhile_holds(self, invoiced: Funded, now: datetime) -> None:
        self.agree(invoiced, 8_000, now)
        quote = quote_quantity(account=invoiced.account, actor=invoiced.actor, add=2, at=now)
        self.agree(invoiced, 7_999, now)

        with pytest.raises(CreditLimitReached):
            buy_quote(account=invoiced.account, quote_id=quote.public_id, actor=invoiced.actor, at=now)

        assert not QuantityChange.objects.exists()
        assert invoiced.desk.quantity(invoiced.stripe_id) == 10

    def test_what_waits_is_part_of_an_invoice_on_credit(self, invoiced: Funded, now: datetime) -> None:
        """Without a held update flexible billing takes pending items along, in the preview as in the charge."""
        self.agree(invoiced, 100_000, now)
        invoiced.desk.client.v1.invoice_items.create(
            {"customer": invoiced.customer.stripe_id, "amount": -1_000, "currency": "usd", "description": "Before"}
        )

        quote = quote_quantity(account=invoiced.account, actor=invoiced.actor, add=2, at=now)

        assert quote.total == 7_000
        bought(invoiced, quote, now)
