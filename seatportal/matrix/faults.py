"""The table: every fault of payments.md §11.1 with its stories, then what follows a purchase (aftermath.py)."""

from billing.models import Incident
from seatportal.matrix import cuts
from seatportal.matrix.aftermath import AFTERMATH
from seatportal.matrix.rows import HEARD, ONE_CARD, ONE_ORDER, Fault
from seatportal.matrix.scenarios import NEVER_PAID, ORDERS, WAITS, Card, Order, Scenario
from seatportal.matrix.stories import buying, machines, prices, renewals, rivals, webhooks
from seatportal.matrix.stories.buying import purchase

_STORED = "after the row is stored"
_SENT = "before the call is sent"
_EXECUTED = "after Stripe executed it"
_MARKED = "after the call is marked"
_SETTLES = "inside the transaction that settles"
_SETTLED = "after it is settled"
_NOTHING_WAITS = "with a card that pays at once nothing waits"
_REFUSED_FIRST = "it ends before any card is charged"
_NO_CARD = "a reduction charges no card"
_NO_EVENT = "nothing is charged, so no event tells of it"

PURCHASES: tuple[Fault, ...] = (
    Fault("F1", "kill -9 after the row is stored", purchase(kill=_STORED)),
    Fault("F1.sweep-reads", "and the sweep too, after its read",
          buying.killed_in_the_sweep("after the sweep's read", buyer=_STORED)),
    Fault("F2", "kill -9 before the call is sent", purchase(kill=_SENT)),
    Fault("F2.sweep-sends", "killed twice there: the buyer and the sweep",
          buying.killed_in_the_sweep(_SENT, buyer=_SENT)),
    Fault("F3", "nothing answers at Stripe's address", buying.unreachable),
    Fault("F3.call", "the charging call alone is not connected",
          purchase(click=(cuts.send_by(api_base=cuts.UNREACHABLE),))),
    Fault("F4", "the connection breaks after Stripe executed it", purchase(fault="reset_after")),
    Fault("F4.hang", "no answer comes after Stripe executed it", purchase(fault="hang_after")),
    Fault("F4.reset-before", "the connection breaks before Stripe executed it", purchase(fault="reset_before")),
    Fault("F4.hang-before", "no answer comes, and nothing was executed", purchase(fault="hang_before")),
    Fault("F5", "kill -9 after the answer, before any commit", purchase(kill=_EXECUTED)),
    Fault("F5.sweep-executes", "the buyer killed before, the sweep after Stripe executed it",
          buying.killed_in_the_sweep(_EXECUTED, buyer=_STORED)),
    Fault("F6", "kill -9 after the call is marked", purchase(kill=_MARKED)),
    Fault("F7", "kill -9 after it is settled", purchase(kill=_SETTLED)),
    Fault("F7.inside", "kill -9 inside the transaction that settles", purchase(kill=_SETTLES)),
    Fault("F7.sweep-settles", "the sweep is killed inside the transaction that settles",
          buying.killed_in_the_sweep(_SETTLES, buyer=_EXECUTED), orders=tuple(o for o in ORDERS if o != Order.EARLY),
          skips="with early webhooks the purchase is settled before the sweep"),
    Fault("F8", "500, and it was executed", purchase(fault="error500_with_effect")),
    Fault("F9", "500, and nothing was executed", buying.server_error_without_effect),
    Fault("F9.late", "500, and Stripe executes it hours later", buying.executed_after_all, ONE_CARD,
          skips="a card that does not pay at once leaves an update that is not ours to follow"),
    Fault("F10", "409: the key is in use", purchase(fault="key_in_use")),
    Fault("F10.two", "two workers send the same key at once", buying.key_in_flight),
    Fault("F11", "429 of the limiter", purchase(fault="rate_limit")),
    Fault("F11.day", "429: the subscription has had its 20 invoices of a day", buying.limit_of_the_day, ONE_CARD,
          skips=_REFUSED_FIRST),
    Fault("F12", "429 of an object's lock", purchase(fault="lock_timeout")),
    Fault("F13", "400: Stripe refuses the parameters", purchase(click=(cuts.wrong_parameters(),), end="rejected"),
          ONE_CARD, ONE_ORDER, _REFUSED_FIRST),
    Fault("F13.key", "401: the key may not write", purchase(click=(cuts.send_by(api_key="sk_wrong"),), end="rejected"),
          ONE_CARD, ONE_ORDER, _REFUSED_FIRST),
    Fault("F13.permission", "403: the key has no permission", purchase(fault="no_permission", end="rejected"),
          ONE_CARD, skips=_REFUSED_FIRST),
    Fault("F13.second", "403 on the second try, after a first one in doubt", buying.refused_on_the_second_try),
    Fault("F14", "Stripe knows the key with other parameters", buying.key_of_other_parameters,
          ONE_CARD, ONE_ORDER, _NO_EVENT),
    Fault("F15", "the card is declined", purchase(), (Card.DECLINED, Card.PAID_LATER),
          skips="the card is the fault"),
    Fault("F15.pays", "the card is declined, and kill -9 before another one is charged",
          buying.killed_while_paying("before the card is charged again"), (Card.PAID_LATER,),
          skips="the card is the fault"),
    Fault("F15.paid", "the card is declined, and kill -9 after another one was charged",
          buying.killed_while_paying("after the card was charged again"), (Card.PAID_LATER,),
          skips="the card is the fault"),
    Fault("F15.stops", "what waits is stopped, and kill -9 before Stripe hears of it",
          buying.killed_while_stopping("before the invoice is voided"), NEVER_PAID, skips="it ends unpaid"),
    Fault("F15.stopped", "what waits is stopped, and kill -9 after Stripe voided the invoice",
          buying.killed_while_stopping("after Stripe voided the invoice"), NEVER_PAID, skips="it ends unpaid"),
    Fault("F16", "3-D Secure is abandoned", purchase(), (Card.UNCONFIRMED,), skips="the card is the fault"),
    Fault("F17", "3-D Secure is answered elsewhere, the browser is closed", purchase(), (Card.CONFIRMED,),
          skips="the card is the fault"),
    Fault("F18", "every webhook comes four times", webhooks.every_event_again, orders=HEARD,
          skips="what is lost does not come again"),
    Fault("F19", "webhooks come before the answer", purchase(), orders=(Order.EARLY,), skips="the order is the fault"),
    Fault("F20", "webhooks come in reverse", purchase(), orders=(Order.REVERSED,), skips="the order is the fault"),
    Fault("F21", "all webhooks are lost for days", webhooks.endpoint_down_for_days, orders=(Order.LOST,),
          skips="the order is the fault"),
    Fault("F22", "kill -9 after the event is claimed", webhooks.killed_while_handling("after the event is claimed"),
          orders=HEARD, skips="what is lost is not handled"),
    Fault("F22.settles", "kill -9 inside the transaction that settles, in the inbox's worker",
          webhooks.killed_while_handling(_SETTLES), orders=HEARD, skips="what is lost is not handled"),
    Fault("F22.done", "kill -9 before the event is done", webhooks.killed_while_handling("before the event is done"),
          orders=HEARD, skips="what is lost is not handled"),
    Fault("F22.door", "kill -9 before the event is stored",
          webhooks.killed_while_handling("before the event is stored", door=True), orders=HEARD,
          skips="what is lost does not come to the door"),
    Fault("F22.answer", "kill -9 before the delivery is answered",
          webhooks.killed_while_handling("before the delivery is answered", door=True), orders=HEARD,
          skips="what is lost does not come to the door"),
    Fault("F23", "two admins buy at one version", rivals.two_admins),
    Fault("F24", "a second purchase while one waits for payment", rivals.second_purchase_while_one_waits, WAITS,
          skips=_NOTHING_WAITS),
    Fault("F25", "edited in the dashboard between price and click", rivals.edited_before_the_click, ONE_CARD,
          skips=_REFUSED_FIRST),
    Fault("F25.between", "edited between our read and our call", rivals.edited_between_read_and_call, ONE_CARD,
          skips="the call lowers the number then, and no card is charged"),
    Fault("F26", "edited between crash and recovery", rivals.edited_before_recovery, ONE_CARD, skips=_REFUSED_FIRST),
    Fault("F26.executed", "edited after the call, before recovery", rivals.edited_after_the_call,
          skips=""),
    Fault("F27", "the key is forgotten, nothing was executed", buying.key_forgotten(_SENT), ONE_CARD,
          skips=_REFUSED_FIRST),
    Fault("F27.executed", "the key is forgotten, it was executed", buying.key_forgotten(_EXECUTED)),
    Fault("F28", "a slow read is overtaken by a newer one", webhooks.overtaken_read),
    Fault("F29", "six want the last seat", rivals.last_seat, ONE_CARD, ONE_ORDER, "nothing is sent to Stripe"),
    Fault("F30", "lowered in the dashboard below the seats in use", rivals.edited_below_assigned, ONE_CARD,
          skips="nothing is charged"),
    Fault("F31", "the period ends while payment is awaited", renewals.renewal_while_waiting, WAITS,
          skips=_NOTHING_WAITS),
    Fault("F32", "a schedule's phase changes while payment is awaited", renewals.phase_while_waiting, WAITS,
          skips=_NOTHING_WAITS),
    Fault("F33", "no worker over a renewal with a reduction due", renewals.reduction_missed(), ONE_CARD,
          skips=_NO_CARD),
    Fault("F33.repair-sent", "and its repair is killed before the call",
          renewals.reduction_missed(kill=_SENT), ONE_CARD, skips=_NO_CARD),
    Fault("F33.repair-executed", "and its repair is killed after Stripe executed it",
          renewals.reduction_missed(kill=_EXECUTED), ONE_CARD, skips=_NO_CARD),
    Fault("F33.placed", "the reduction was at Stripe before", renewals.reduction_at_stripe(), ONE_CARD,
          skips=_NO_CARD),
    Fault("F33.killed", "kill -9 between the schedule's two calls",
          renewals.reduction_at_stripe(kill="between the schedule's two calls"), ONE_CARD, skips=_NO_CARD),
    Fault("F34", "the broker is down", machines.broker_gone),
    Fault("F35", "the database ends the session after the call", machines.database_lost("call")),
    Fault("F35.settle", "the database ends the session inside the transaction that settles",
          machines.database_lost("settle"), orders=tuple(o for o in ORDERS if o != Order.EARLY),
          skips="with early webhooks another process settles"),
    Fault("F36", "a clock is twelve minutes wrong at the webhook's door", webhooks.skewed_clock, orders=HEARD,
          skips="what is lost has no signature"),
    Fault("F37", "a credit is used up after the price was shown",
          prices.not_as_quoted(prices.credit_used_up, Incident.Gravity.HIGH)),
    Fault("F37.tax", "tax begins after the price was shown",
          prices.not_as_quoted(prices.tax_begins, Incident.Gravity.HIGH)),
    Fault("F37.discount", "a discount begins after the price was shown",
          prices.not_as_quoted(prices.discount_begins, Incident.Gravity.LOW)),
)  # fmt: skip

FAULTS = (*PURCHASES, *AFTERMATH)
BY_NAME = {fault.name: fault for fault in FAULTS}


def full() -> list[Scenario]:
    """Every cell that means something."""
    return [scenario for fault in FAULTS for scenario in fault.scenarios()]


def fast() -> list[Scenario]:
    """A fixed part of it: every fault and variant, and over them every card with every order."""
    chosen: list[Scenario] = []
    for number, fault in enumerate(fault for fault in FAULTS if fault.fast):
        cells = list(fault.scenarios())
        # Steps that share no factor with 5 walk through cards and orders alike.
        chosen += [cells[(number * 7) % len(cells)]]
        if len(cells) >= 20:
            chosen += [cells[(number * 7 + 12) % len(cells)]]
    return chosen
