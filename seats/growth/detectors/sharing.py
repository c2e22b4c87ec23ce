"""Sign-ins that several people use, once their person has answered or had the time to (product.md C1, C2)."""

from collections.abc import Iterable
from datetime import datetime

from seats.growth.found import Found
from seats.growth.picture import Span
from seats.models import Signal
from seats.sharing.queries import cases_to_sell


def shared_sign_ins(span: Span, at: datetime) -> Iterable[Found]:
    """One signal for each open case; its evidence names nobody."""
    for case in cases_to_sell(span.first, span.last):
        evidence = {"devices": case.devices, "at_once": case.at_once, "extra": case.extra_people, "answer": case.answer}
        yield Found(case.account_id, Signal.Kind.SHARING, case.public_id, evidence, case.extra_people)
