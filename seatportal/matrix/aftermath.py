"""The rows K1 to K5: processes that die while something beyond a purchase of seats is under way (docs/adr/0012)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from seatportal.matrix.rows import HEARD, ONE_CARD, Fault
from seatportal.matrix.scenarios import CARDS, ORDERS, PAYS, Card, Order
from seatportal.matrix.stage import Stage
from seatportal.matrix.stories.crediting import credited
from seatportal.matrix.stories.idling import credited_idle
from seatportal.matrix.stories.switching import PLUS, YEARLY, switched
from seatportal.matrix.stories.truing_up import trued_up
from seatportal.matrix.stories.undoing import sent_back, undone

# Those with a cell in the fast slice: where Stripe has acted and nobody here knows it yet, and where two rows are one.
FAST = frozenset({
    "K1.executed", "K1.refunded", "K1.taken", "K1.back-given", "K2.executed", "K2.year-settles", "K3.executed",
    "K3.releases", "K3.failed", "K4.issued", "K4.closes", "K5.taken", "K5.late",
})  # fmt: skip

_SENT = "before the call is sent"
_EXECUTED = "after Stripe executed it"
_SETTLES = "inside the transaction that settles"
_CALL = {
    "sent": _SENT,
    "executed": _EXECUTED,
    "marked": "after the call is marked",
    "settles": _SETTLES,
    "settled": "after it is settled",
}
_UNDO = {
    "stored": "after the undo is stored",
    **_CALL,
    "unclaimed": "before the refund is claimed",
    "claimed": "after the refund is claimed",
    "refunds": "before the refund is sent",
    "refunded": "after Stripe refunded",
    "kept": "after the refund is kept",
    "taken": "after Stripe took the credit",
    "taken-kept": "after the taken credit is kept",
    "ends": "inside the transaction that ends the refund",
    "done": "after the refund is done",
}
_BACK = {
    "gives": "before the credit is given again",
    "given": "after Stripe gave the credit again",
    "ends": _UNDO["ends"],
}
_PLAN = {"stored": "after the row is stored", **_CALL}
_CHARGE = {
    "decided": "after the true-up is decided",
    "stored": "after the true-up's charge is stored",
    "sent": _SENT,
    "executed": _EXECUTED,
}
_CHARGED = {
    "marked": "after the call is marked",
    "settles": _SETTLES,
    "settled": "after it is settled",
    "unreleased": "before idle seats are released",
    "releases": "inside the transaction that releases",
    "released": "before the reduction is planned",
    "planned": "after the reduction is planned",
    "seals": "inside the transaction that seals",
}
_NOTE = {
    "stored": "after the credit note is stored",
    "sent": "before the credit note is sent",
    "issued": "after Stripe issued the credit note",
    "closes": "inside the transaction that closes the incident",
    "closed": "after the incident is closed",
}
_IDLE = {
    "counted": "after idle seats are counted",
    "priced": "after the idle credit is priced",
    "sent": "before the idle credit is sent",
    "taken": "after Stripe took the idle credit",
    "ends": "inside the transaction that ends the idle credit",
    "done": "after the idle credit is done",
}
_ANSWER_LOST = "the connection breaks after Stripe executed it"
_BROKEN = {"answer-lost": ("reset_after", _ANSWER_LOST), "500": ("error500_with_effect", "500, and it was executed")}

_NOT_PAID = "only what was paid can be given back"
_NOT_REACHED = "another card ends before it"
_CREDIT = "a credit charges no card; one that pays the renewal and one that does not stand for all"
_NOT_HEARD = "what is lost is not handled"


def _row(name: str, title: str, story: Callable[[Stage], None], **cells: Any) -> Fault:
    return Fault(name, title, story, fast=name in FAST, **cells)


def _killed(
    prefix: str, what: str, points: Mapping[str, str], story: Callable[[str], Callable[[Stage], None]], **cells: Any
) -> Iterator[Fault]:
    for name, point in points.items():
        yield _row(f"{prefix}{name}", f"{what}: kill -9 {point}", story(point), **cells)


def _undo() -> Iterator[Fault]:
    cells: dict[str, Any] = {"cards": PAYS, "skips": _NOT_PAID}
    yield from _killed("K1.", "undo", _UNDO, lambda point: undone(kill=point), **cells)
    for name, point in (("refunds", "after Stripe refunded"), ("takes", "after Stripe took the credit")):
        yield _row(f"K1.sweep-{name}", f"the undo is killed, and the sweep {point}",
                   undone(kill="before the refund is claimed", sweep=point), **cells)  # fmt: skip
    yield _row("K1.sweep-settles", "the undo is killed, and the sweep inside the transaction that settles",
               undone(kill="after the undo is stored", sweep=_SETTLES), **cells)  # fmt: skip
    for name, (fault, title) in _BROKEN.items():
        yield _row(f"K1.{name}", f"undo: {title}", undone(fault=fault), **cells)
        yield _row(f"K1.refund-{name}", f"refund: {title}", undone(fault=fault, path="/v1/refunds"), **cells)
        path = "/v1/customers/cus_[^/]*/balance_transactions"
        yield _row(f"K1.credit-{name}", f"credit: {title}", undone(fault=fault, path=path), **cells)
    yield _row("K1.back-heard", "the bank sends the refund back: kill -9 of the worker that notes it",
               sent_back(worker=_UNDO["ends"]), **cells)  # fmt: skip
    yield from _killed("K1.back-", "refund sent back", _BACK, lambda point: sent_back(sweep=point), **cells)
    yield _row("K1.partly-credit", "undo of what credit paid in part: kill -9 after Stripe refunded",
               undone(kill="after Stripe refunded", credit=2000), **cells)  # fmt: skip


def _plan() -> Iterator[Fault]:
    yield from _killed("K2.", "another plan", _PLAN, lambda point: switched(PLUS, kill=point))
    yield from _killed("K2.year-", "another interval", _PLAN, lambda point: switched(YEARLY, kill=point))
    yield _row("K2.sweep-executes", "the buyer is killed, and the sweep after Stripe executed it",
               switched(YEARLY, kill=_PLAN["stored"], sweep=_EXECUTED))  # fmt: skip
    yield _row("K2.sweep-settles", "the buyer is killed, and the sweep inside the transaction that settles",
               switched(YEARLY, kill=_EXECUTED, sweep=_SETTLES), orders=tuple(o for o in ORDERS if o != Order.EARLY),
               skips="with early webhooks it is settled before the sweep")  # fmt: skip
    yield _row("K2.worker", "the buyer is killed, and the inbox's worker inside the transaction that settles",
               switched(YEARLY, kill=_EXECUTED, worker=_SETTLES), orders=HEARD, skips=_NOT_HEARD)  # fmt: skip


def _true_up() -> Iterator[Fault]:
    yield _row("K3.counts", "true-up: kill -9 inside the transaction that counts",
               trued_up(count="inside the transaction that counts"), cards=ONE_CARD,
               skips="nothing is charged yet")  # fmt: skip
    yield from _killed("K3.", "true-up", _CHARGE, lambda point: trued_up(kill=point))
    yield from _killed(
        "K3.", "true-up", _CHARGED, lambda point: trued_up(kill=point), cards=ONE_CARD, skips=_NOT_REACHED
    )
    yield _row("K3.failed", "true-up: kill -9 before its failure is kept",
               trued_up(kill="before the true-up's failure is kept"), cards=tuple(c for c in CARDS if c != Card.OK),
               skips="with a card that pays nothing fails")  # fmt: skip
    for name, (fault, title) in _BROKEN.items():
        yield _row(f"K3.{name}", f"true-up: {title}", trued_up(fault=fault))


def _credit_note() -> Iterator[Fault]:
    cells: dict[str, Any] = {"cards": PAYS, "skips": _NOT_PAID}
    yield from _killed("K4.", "credit note", _NOTE, lambda point: credited(kill=point), **cells)
    yield _row("K4.sweep-issues", "the click is killed, and the sweep after Stripe issued the credit note",
               credited(kill=_NOTE["stored"], sweep=_NOTE["issued"]), **cells)  # fmt: skip
    for name, (fault, title) in _BROKEN.items():
        yield _row(f"K4.{name}", f"credit note: {title}", credited(fault=fault), **cells)
    yield _row("K4.to-balance", "credit note to the balance: kill -9 after Stripe issued it",
               credited(kill=_NOTE["issued"], credit=20_000), cards=ONE_CARD,
               skips="the balance paid, and no card")  # fmt: skip


def _idle() -> Iterator[Fault]:
    cells: dict[str, Any] = {"cards": (Card.OK, Card.DECLINED), "skips": _CREDIT}
    yield from _killed("K5.", "idle credit", _IDLE, lambda point: credited_idle(kill=point), **cells)
    yield _row("K5.sweep-takes", "the count is killed, and the sweep after Stripe took the idle credit",
               credited_idle(kill=_IDLE["counted"], sweep=_IDLE["taken"]), **cells)  # fmt: skip
    for name, (fault, title) in _BROKEN.items():
        yield _row(f"K5.{name}", f"idle credit: {title}", credited_idle(fault=fault), **cells)
    yield _row("K5.late", "the count is killed before the call, and nobody runs until after the renewal",
               credited_idle(kill=_IDLE["sent"], late=True), **cells)  # fmt: skip


AFTERMATH: tuple[Fault, ...] = (*_undo(), *_plan(), *_true_up(), *_credit_note(), *_idle())
