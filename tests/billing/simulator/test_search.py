"""Search: the query language, the fields of each kind of object, and the pages."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Shop

APRIL, MAY = 1_775_001_600, 1_777_593_600


def names(found: Any) -> list[str]:
    """Oldest first."""
    return [row.name for row in found.data][::-1]


@pytest.fixture
def people(shop: Shop) -> Shop:
    for name, email, metadata in (
        ("Ada", "ada@kaiser.example", {"team": "blue", "seats": "3"}),
        ("Bela", "bela@kaiser.example", {"team": "red"}),
        ('Cy "the" O\'Neil', "cy@other.example", {}),
    ):
        shop.client.v1.customers.create({"name": name, "email": email, "metadata": metadata})
    return shop


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('email:"ada@kaiser.example"', ["Ada"]),
        ('email:"ADA@Kaiser.example"', ["Ada"]),
        ('email~"kaiser"', ["Ada", "Bela"]),
        ('-email~"kaiser"', ['Cy "the" O\'Neil']),
        ('name:"Cy \\"the\\" O\'Neil"', ['Cy "the" O\'Neil']),
        ("name:'Ada'", ["Ada"]),
        ('metadata["team"]:"blue"', ["Ada"]),
        ('metadata["team"]:null', ['Cy "the" O\'Neil']),
        ('-metadata["team"]:null', ["Ada", "Bela"]),
        ('email~"kaiser" AND metadata["team"]:"red"', ["Bela"]),
        ('email~"kaiser" metadata["team"]:"red"', ["Bela"]),
        ('name:"Ada" or name:"Bela"', ["Ada", "Bela"]),
        ("created>0", ["Ada", "Bela", 'Cy "the" O\'Neil']),
        ("created<1000", []),
    ],
)
def test_the_query_language(people: Shop, query: str, found: list[str]) -> None:
    assert names(people.client.v1.customers.search({"query": query})) == found


@pytest.mark.parametrize(
    "query",
    [
        "", "email", 'colour:"red"', 'metadata:"blue"', 'email["x"]:"y"', 'email>"5"', "created>soon", 'email~"ka"',
        'created~"177"', 'name:"a" AND name:"b" OR name:"c"', 'name:"a"name:"b"', 'name:"open',
    ],
)  # fmt: skip
def test_what_it_does_not_understand_it_says(people: Shop, query: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        people.client.v1.customers.search({"query": query})

    assert (refused.value.http_status, refused.value.param) == (400, "query")


def test_pages_follow_each_other(shop: Shop) -> None:
    for number in range(5):
        shop.client.v1.customers.create({"name": f"N{number}", "metadata": {"batch": "1"}})
    query: Any = {"query": 'metadata["batch"]:"1"', "limit": 2}

    first = shop.client.v1.customers.search(query)
    second = shop.client.v1.customers.search(query | {"page": first.next_page})
    last = shop.client.v1.customers.search(query | {"page": second.next_page})

    assert [[row.name for row in page.data] for page in (first, second, last)] == [["N4", "N3"], ["N2", "N1"], ["N0"]]
    assert (first.object, first.has_more, last.has_more, last.next_page) == ("search_result", True, False, None)
    assert [row.name for row in first.auto_paging_iter()] == ["N4", "N3", "N2", "N1", "N0"]
    for page in ("nonsense", "Y3VzX3g="):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            shop.client.v1.customers.search(query | {"page": page})
        assert refused.value.param == "page"


def test_every_kind_that_can_be_searched(shop: Shop) -> None:
    v1 = shop.client.v1
    price = shop.price(1000, name="Seat for search", lookup_key="seat_monthly", metadata={"kind": "seat"})
    customer = shop.customer(clock=shop.clock(APRIL))
    subscription = shop.subscribe(customer.id, price.id, 2, metadata={"account": "acme"})
    other = shop.subscribe(shop.customer(clock=shop.clock(APRIL)).id, shop.price(50).id, 2)
    invoice = v1.invoices.retrieve(subscription.latest_invoice)
    ours = {"customer": customer.id}

    assert [p.id for p in v1.products.search({"query": 'name~"for search" AND active:"true"'}).data] == [price.product]
    assert [p.id for p in v1.prices.search({"query": 'lookup_key:"seat_monthly" type:"recurring"'}).data] == [price.id]
    found = v1.subscriptions.search({"query": 'metadata["account"]:"acme"', "expand": ["data.latest_invoice"]})
    assert [(s.id, s.latest_invoice.total) for s in found.data] == [(subscription.id, 2000)]
    assert len(v1.subscriptions.search({"query": f'status:"active" created>={APRIL}'}).data) == 2
    assert v1.subscriptions.search({"query": "-canceled_at:null"}).data == []
    assert [i.id for i in v1.invoices.search({"query": f'number:"{invoice.number}"'}).data] == [invoice.id]
    assert [i.id for i in v1.invoices.search({"query": f'subscription:"{other.id}"'}).data] == [other.latest_invoice]
    assert [i.id for i in v1.invoices.search({"query": "total>100"}).data] == [invoice.id]
    intents = v1.payment_intents.search({"query": f'customer:"{customer.id}" AND status:"succeeded"'}).data
    assert [i.id for i in intents] == [i.id for i in v1.payment_intents.list(ours).data]
    charges = v1.charges.search({"query": 'payment_method_details.card.last4:4242 refunded:"false" amount<1000'}).data
    assert [c.amount for c in charges] == [100]
