"""A quote as the rows of the price box. Every amount to pay is Stripe's; only the two marked hints are ours."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.catalog.pricing import Scheme, amount, next_step
from billing.catalog.queries import scheme_of
from billing.models import PaymentMethod, Price, Quote, SubscriptionItem
from billing.views.words import card_name, interval_words
from seatportal.kit.clock import from_unix
from seatportal.templatetags.portal import clock, day, money, money_signed

DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Row:
    """One row as written text. kind: due, credit, part, quiet or nothing (see components/price_box.html)."""

    label: str
    value: str
    note: str = ""
    kind: str = ""
    href: str = ""
    href_label: str = ""
    until: datetime | None = None
    done: str = ""


def rows_of(
    quote: Quote,
    *,
    item: SubscriptionItem,
    card: PaymentMethod | None,
    trial: bool,
    account_slug: str,
    target: Price | None = None,
) -> list[Row]:
    """What is bought, what leaves the card now, what the next invoice says, and until when the price holds.

    target: the price that a change of plan leads to.
    """
    rows = [] if trial else _bought(quote, item, target)
    rows.append(_due(quote))
    if quote.amount_due and card is not None and not quote.on_credit:
        rows.append(
            Row(
                _("Charged today to"),
                card_name(card),
                href=reverse("billing:card", args=[account_slug]),
                href_label=_("Change"),
            )
        )
    rows.append(_next_invoice(quote, trial=trial))
    rows += [_waiting(row, quote) for row in quote.waiting]
    rows += _hints(quote, item.price) if target is None else [_average(quote, target)]
    over = _("The button shows the new price first.")
    rows.append(Row(_("Price held until"), clock(quote.expires_at), kind="quiet", until=quote.expires_at, done=over))
    return rows


def sentence_of(quote: Quote) -> str:
    """The price in one sentence, read out when it changes."""
    if quote.on_credit and quote.amount_due:
        due = _("Nothing is charged to a card; an invoice of %(due)s is sent.")
    elif quote.total < 0:
        due = _("Due now %(due)s, and %(credit)s credit for your next invoice.")
    else:
        due = _("Due now %(due)s.")
    following = _("Next invoice %(next)s on %(day)s.")
    return f"{due} {following}" % {
        "due": money(quote.amount_due, quote.currency),
        "credit": money(-quote.total, quote.currency),
        "next": money(quote.next_total, quote.currency),
        "day": day(quote.next_at),
    }


def button_of(quote: Quote, *, target: Price | None = None) -> str:
    """What the button does, as a sentence."""
    if target is not None:
        return _plan_button(quote, target)
    if quote.on_credit and quote.amount_due:
        text = ngettext(
            "Add %(count)d seat and get an invoice of %(amount)s",
            "Add %(count)d seats and get an invoice of %(amount)s",
            quote.added,
        )
    elif not quote.amount_due:
        text = ngettext(
            "Add %(count)d seat – nothing to pay now", "Add %(count)d seats – nothing to pay now", quote.added
        )
    else:
        text = ngettext("Pay %(amount)s and add %(count)d seat", "Pay %(amount)s and add %(count)d seats", quote.added)
    return text % {"amount": money(quote.amount_due, quote.currency), "count": quote.added}


def _plan_button(quote: Quote, target: Price) -> str:
    if not quote.amount_due:
        text = _("Change to %(plan)s – nothing to pay now")
    elif quote.on_credit:
        text = _("Change to %(plan)s and get an invoice of %(amount)s")
    else:
        text = _("Pay %(amount)s and change to %(plan)s")
    return text % {"plan": target, "amount": money(quote.amount_due, quote.currency)}


def _bought(quote: Quote, item: SubscriptionItem, target: Price | None) -> list[Row]:
    rows = [_added(quote, item) if target is None else _switched(quote, target)]
    rows += [_line(line, quote.currency) for line in quote.lines]
    if quote.discount:
        rows.append(Row(_("Discount"), money(-quote.discount, quote.currency)))
    elif quote.discount_ids:
        rows.append(Row(_("Discount"), _("included"), kind="quiet"))
    if quote.tax:
        rows.append(Row(_("Tax"), money(quote.tax, quote.currency)))
    used = quote.total - quote.amount_due
    if quote.total > 0 and used > 0:
        if quote.starting_balance < 0:
            rows.append(Row(_("Credit used"), money(-used, quote.currency)))
        else:
            rows.append(Row(_("Carried to your next invoice"), money(-used, quote.currency)))
    return rows


def _switched(quote: Quote, target: Price) -> Row:
    seats = ngettext("%(count)d seat", "%(count)d seats", quote.target_quantity) % {"count": quote.target_quantity}
    text = _("%(seats)s in %(plan)s") % {"seats": seats, "plan": target}
    return Row(text, money(quote.subtotal, quote.currency), note=_("until %(end)s") % {"end": day(quote.next_at)})


def _added(quote: Quote, item: SubscriptionItem) -> Row:
    start = from_unix(quote.proration_date)
    left = round((item.period_end - start).total_seconds() / DAY_SECONDS)
    whole = round((item.period_end - item.period_start).total_seconds() / DAY_SECONDS)
    return Row(
        ngettext("%(count)d seat", "%(count)d seats", quote.added) % {"count": quote.added},
        money(quote.subtotal, quote.currency),
        note=_("%(left)d of %(whole)d days, until %(end)s")
        % {"left": left, "whole": whole, "end": day(item.period_end)},
    )


def _line(line: dict[str, Any], currency: str) -> Row:
    quantity = line["quantity"] or 0
    if line["amount"] < 0:
        text = ngettext(
            "Unused time of the %(count)d seat paid so far",
            "Unused time of the %(count)d seats paid so far",
            quantity,
        )
    else:
        text = ngettext(
            "%(count)d seat for the rest of the period", "%(count)d seats for the rest of the period", quantity
        )
    return Row(text % {"count": quantity}, money(line["amount"], currency), kind="part")


def _waiting(row: dict[str, Any], quote: Quote) -> Row:
    note = _("waited; part of this invoice") if quote.on_credit else _("not part of this; on your next invoice")
    return Row(row["description"] or _("From before"), money(row["amount"], quote.currency), note=note, kind="quiet")


def _due(quote: Quote) -> Row:
    if quote.due_days is not None and quote.amount_due:
        note = _("Nothing is charged to a card. Due %(day)s (net %(days)d)") % {
            "day": day(quote.created_at + timedelta(days=quote.due_days)),
            "days": quote.due_days,
        }
        return Row(_("Invoice"), money(quote.amount_due, quote.currency), note=note, kind="due")
    if quote.total < 0:
        note = _("%(credit)s credit will reduce your invoice of %(day)s") % {
            "credit": money(-quote.total, quote.currency),
            "day": day(quote.next_at),
        }
        return Row(_("Due now"), money(0, quote.currency), note=note, kind="credit")
    return Row(_("Due now"), money(quote.amount_due, quote.currency), kind="due")


def _next_invoice(quote: Quote, *, trial: bool) -> Row:
    label = _("First charge on %(day)s") if trial else _("Next invoice on %(day)s")
    seats = ngettext("%(count)d seat", "%(count)d seats", quote.target_quantity) % {"count": quote.target_quantity}
    return Row(label % {"day": day(quote.next_at)}, money(quote.next_total, quote.currency), note=seats)


def _hints(quote: Quote, price: Price) -> list[Row]:
    scheme = scheme_of(price)
    before, after = amount(scheme, quote.base_quantity), amount(scheme, quote.target_quantity)
    every, interval = _("%(amount)s / %(interval)s"), interval_words(price.interval, price.interval_count)
    change = money_signed(after - before, quote.currency) if after != before else _("no change")
    change_text = every % {"amount": change, "interval": interval} if after != before else change
    rows = [_average(quote, price), Row(_("Compared with today"), change_text, kind="quiet")]
    step = next_step(scheme, quote.target_quantity)
    if step is not None:
        rows.append(Row(_("Next step of the price"), _step_words(scheme, *step, quote.currency), kind="quiet"))
    return rows


def _average(quote: Quote, price: Price) -> Row:
    after = amount(scheme_of(price), quote.target_quantity)
    average = (2 * after + quote.target_quantity) // (2 * quote.target_quantity)
    interval = interval_words(price.interval, price.interval_count)
    text = _("%(amount)s / %(interval)s") % {"amount": money(average, quote.currency), "interval": interval}
    return Row(_("Average per seat"), text, kind="quiet")


def _step_words(scheme: Scheme, missing: int, each: int, currency: str) -> str:
    if scheme.kind == "volume":
        text = ngettext(
            "%(count)d more seat moves all seats to %(each)s",
            "%(count)d more seats move all seats to %(each)s",
            missing,
        )
    else:
        text = ngettext(
            "from %(count)d more seat on each costs %(each)s",
            "from %(count)d more seats on each costs %(each)s",
            missing,
        )
    return text % {"count": missing, "each": money(each, currency)}
