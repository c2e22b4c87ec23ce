"""The comparison of promise and charge as a table."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from billing.gateway.contract import RemoteInvoice, RemoteLine
from billing.mirror.charge import Difference, Promise, differences, is_grave

START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


def line(amount: int, quantity: int, text: str = "Seats") -> RemoteLine:
    return RemoteLine("il", text, amount, quantity, START, END, proration=True)


def quoted(amount: int, quantity: int) -> dict[str, object]:
    return {
        "description": "Seats",
        "amount": amount,
        "quantity": quantity,
        "from": START.isoformat(),
        "to": END.isoformat(),
    }


INVOICE = RemoteInvoice(
    id="in_1",
    number="R-1",
    status="paid",
    billing_reason="subscription_update",
    customer_id="cus_1",
    subscription_id="sub_1",
    currency="usd",
    subtotal=8000,
    tax=0,
    total=8000,
    amount_due=8000,
    amount_paid=8000,
    amount_remaining=0,
    starting_balance=0,
    ending_balance=0,
    hosted_url="",
    pdf_url="",
    created=START,
    due_at=None,
    paid_at=START,
    proration_date=None,
    automatic_tax=None,
    lines=(line(-50_000, 10), line(58_000, 12)),
)
PROMISE = Promise(
    currency="usd",
    total=8000,
    amount_due=8000,
    tax=0,
    discount=0,
    lines=[quoted(58_000, 12), quoted(-50_000, 10)],
)


def test_the_same_in_another_order_and_other_words_is_the_same() -> None:
    assert differences(PROMISE, INVOICE) == []
    assert differences(PROMISE, replace(INVOICE, lines=(line(58_000, 12, "X"), line(-50_000, 10, "Y")))) == []


@pytest.mark.parametrize(
    ("change", "what", "grave"),
    [
        ({"total": 8100}, ("total", 8000, 8100), True),
        ({"total": 7900}, ("total", 8000, 7900), False),
        ({"amount_due": 8001}, ("amount_due", 8000, 8001), True),
        ({"amount_due": 0}, ("amount_due", 8000, 0), False),
        ({"tax": 1}, ("tax", 0, 1), False),
        ({"discount": 5}, ("discount", 0, 5), False),
        ({"currency": "eur"}, ("currency", "usd", "eur"), True),
    ],
)
def test_each_number_by_itself(change: dict[str, object], what: tuple[str, object, object], grave: bool) -> None:
    charged = replace(INVOICE, **change)  # type: ignore[arg-type]

    assert [(d.what, d.quoted, d.charged) for d in differences(PROMISE, charged)] == [what]
    assert is_grave(PROMISE, charged) is grave


def test_lines_that_only_one_side_has() -> None:
    """The sums agree, the lines do not."""
    charged = replace(INVOICE, lines=(line(-50_000, 10), line(57_000, 12), line(1000, 1, "Fee")))

    assert differences(PROMISE, charged) == [
        Difference("line", 58_000, None, "Seats"),
        Difference("line", None, 57_000, "Seats"),
        Difference("line", None, 1000, "Fee"),
    ]
    assert not is_grave(PROMISE, charged)


def test_the_same_line_twice_is_not_the_same_as_once() -> None:
    charged = replace(INVOICE, lines=(*INVOICE.lines, line(58_000, 12)))

    assert differences(PROMISE, charged) == [Difference("line", None, 58_000, "Seats")]


def test_what_was_not_kept_is_not_compared() -> None:
    bare = Promise(currency="usd", total=8000, amount_due=8000)

    assert differences(bare, replace(INVOICE, tax=700, discount=3, lines=())) == []
