"""Ask every question, one after the other; none stops the others."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import uuid4

import stripe

from billing.stripe_contract import money, pending, protocol, schedules
from billing.stripe_contract.questions import QUESTIONS, Answer, Question, unanswerable
from billing.stripe_contract.shop import CannotAsk, Shop

TOPICS = (money, pending, schedules, protocol)
TIMEOUT_SECONDS = 40.0


@dataclass(frozen=True)
class Result:
    """A question with its answer."""

    question: Question
    answer: Answer


def all_ids() -> list[str]:
    """S1 to S15, in order."""
    return sorted(QUESTIONS, key=lambda id: int(id[1:]))


def run_contract(
    *,
    api_key: str,
    api_base: str = "",
    process_keys: Mapping[str, str] | None = None,
    only: Iterable[str] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> list[Result]:
    """Ask at the Stripe that `api_key` opens; api_base names the simulator, empty the real one.

    process_keys: restricted keys by process. Everything made is tagged and removed again. Raises ValueError for a
    live key or an unknown question, before anything is sent.
    """
    if not api_key.startswith(("sk_test_", "rk_test_")):
        raise ValueError("The contract runs with a test key (sk_test_… or rk_test_…) only, never with a live one.")
    ids = list(only) or all_ids()
    if unknown := set(ids) - QUESTIONS.keys():
        raise ValueError(f"Unknown question: {', '.join(sorted(unknown))}. There are {', '.join(all_ids())}.")
    shop = Shop(
        client=_client(api_key, api_base),
        run=f"contract-{uuid4().hex[:12]}",
        process_clients={name: _client(key, api_base) for name, key in (process_keys or {}).items() if key},
    )
    results = []
    try:
        for id in ids:
            tell(f"{id} {QUESTIONS[id].text}")
            results.append(Result(QUESTIONS[id], _ask(QUESTIONS[id], shop)))
    finally:
        for what in shop.clean_up():
            tell(f"left behind: {what}")
    return results


def _ask(asked: Question, shop: Shop) -> Answer:
    """Its answer. What this Stripe does not know makes it unanswerable, any other refusal an answer that differs."""
    try:
        return asked.ask(shop)
    except CannotAsk as error:
        return unanswerable(str(error))
    except stripe.InvalidRequestError as error:
        if error.http_status == 404 and "Unrecognized request URL" in str(error):
            return unanswerable(str(error.user_message or error))
        return Answer(f"refused: {error.user_message or error}", "differs")
    except stripe.StripeError as error:
        return Answer(f"{type(error).__name__}: {error.user_message or error}", "differs")


def _client(api_key: str, api_base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        api_key,
        base_addresses={"api": api_base} if api_base else None,
        max_network_retries=2,
        http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
    )
