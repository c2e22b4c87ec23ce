"""Customers, and the pages of Stripe that they are sent to."""

from typing import Any, cast

from billing.gateway import convert
from billing.gateway.client import Client, path_of
from billing.gateway.contract import RemoteCustomer


class Customers(Client):
    """Customers, and the pages of Stripe that they are sent to."""

    def customer(self, customer_id: str) -> RemoteCustomer:
        """Read one customer with its card."""
        expand = ["invoice_settings.default_payment_method"]
        return convert.customer(self._get(path_of("customers", customer_id), {"expand": expand}))

    def create_customer(self, *, name: str, email: str, reference: str, locale: str, key: str) -> RemoteCustomer:
        """A customer for an account; `reference` is the account's public id."""
        params = {
            "name": name,
            "email": email,
            "metadata": {"seat_portal_account": reference},
            "preferred_locales": [locale],
        }
        return convert.customer(self._write(key, lambda o: self._writer.v1.customers.create(cast(Any, params), o)))

    def portal_url(self, customer_id: str, *, return_url: str, key: str) -> str:
        """Stripe's own page to change the card; returns its address."""
        params = {
            "customer": customer_id,
            "return_url": return_url,
            "flow_data": {
                "type": "payment_method_update",
                "after_completion": {"type": "redirect", "redirect": {"return_url": return_url}},
            },
        }
        data = self._write(key, lambda o: self._writer.v1.billing_portal.sessions.create(cast(Any, params), o))
        return str(data["url"])
