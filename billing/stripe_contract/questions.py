"""The questions to which only Stripe has the answer (payments.md §13), and what the portal does with a bad one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from billing.stripe_contract.shop import Shop

Verdict = Literal["holds", "differs", "not answerable here"]


@dataclass(frozen=True)
class Answer:
    """What was seen, and whether it is what the portal relies on."""

    seen: str
    verdict: Verdict


def holds(fits: bool, seen: str) -> Answer:
    """An answer that the portal relies on."""
    return Answer(seen, "holds" if fits else "differs")


def unanswerable(seen: str) -> Answer:
    """What this Stripe cannot tell: the simulator lacks the feature, or a sandbox a key or a public address."""
    return Answer(seen, "not answerable here")


@dataclass(frozen=True)
class Question:
    """One question: `ask` sets its own scene at Stripe and looks."""

    id: str
    text: str
    if_bad: str
    ask: Callable[[Shop], Answer]


QUESTIONS: dict[str, Question] = {}


def question(id: str, text: str, *, if_bad: str) -> Callable[[Callable[[Shop], Answer]], Callable[[Shop], Answer]]:
    """Register the decorated function as the way to ask."""

    def register(ask: Callable[[Shop], Answer]) -> Callable[[Shop], Answer]:
        QUESTIONS[id] = Question(id, text, if_bad, ask)
        return ask

    return register
