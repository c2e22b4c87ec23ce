"""A quote as the rows of the price box. Every amount to pay is Stripe's; only the two marked hints are ours."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.catalog.pricing import Scheme, amount
from billing.catalog.queries import scheme_of
from billing.models import PaymentMethod, Quote, SubscriptionItem
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
    quote: Quote, *, item: SubscriptionItem, card: PaymentMethod | None, trial: bool, account_slug: str
) -> list[Row]:
    """What is bought, what leaves the card now, what the next invoice says, and until when the price holds."""
    rows = [] if trial else _bought(quote, item)
    rows.append(_due(quote))
    if quote.amount_due and card is not None:
        rows.append(
            Row(
                _("Charged today to"),
                card_name(card),
                href=reverse("billing:card", args=[account_slug]),
                href_label=_("Change"),
            )
        )
    rows.append(_next_invoice(quote, trial=trial))
    rows += _hints(quote, scheme_of(item.price), interval_words(item.price.interval, item.price.interval_count))
    over = _("The button shows the new price first.")
    rows.append(Row(_("Price held until"), clock(quote.expires_at), kind="quiet", until=quote.expires_at, done=over))
    return rows


def sentence_of(quote: Quote) -> str:
    """The price in one sentence, read out when it changes."""
    if quote.total < 0:
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


def button_of(quote: Quote) -> str:
    """What the button does, as a sentence."""
    if not quote.amount_due:
        text = ngettext(
            "Add %(count)d seat – nothing to pay now", "Add %(count)d seats – nothing to pay now", quote.added
        )
    else:
        text = ngettext("Pay %(amount)s and add %(count)d seat", "Pay %(amount)s and add %(count)d seats", quote.added)
    return text % {"amount": money(quote.amount_due, quote.currency), "count": quote.added}


def _bought(quote: Quote, item: SubscriptionItem) -> list[Row]:
    start = from_unix(quote.proration_date)
    left = round((item.period_end - start).total_seconds() / DAY_SECONDS)
    whole = round((item.period_end - item.period_start).total_seconds() / DAY_SECONDS)
    rows = [
        Row(
            ngettext("%(count)d seat", "%(count)d seats", quote.added) % {"count": quote.added},
            money(quote.subtotal, quote.currency),
            note=_("%(left)d of %(whole)d days, until %(end)s")
            % {"left": left, "whole": whole, "end": day(item.period_end)},
        )
    ]
    rows += [_line(line, quote.currency) for line in quote.lines]
    if quote.tax:
        rows.append(Row(_("Tax"), money(quote.tax, quote.currency)))
    used = quote.total - quote.amount_due
    if quote.total > 0 and used > 0:
        if quote.starting_balance < 0:
            rows.append(Row(_("Credit used"), money(-used, quote.currency)))
        else:
            rows.append(Row(_("Carried to your next invoice"), money(-used, quote.currency)))
    return rows


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


def _due(quote: Quote) -> Row:
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


def _hints(quote: Quote, scheme: Scheme, interval: str) -> list[Row]:
    before, after = amount(scheme, quote.base_quantity), amount(scheme, quote.target_quantity)
    average = (2 * after + quote.target_quantity) // (2 * quote.target_quantity)
    every = _("%(amount)s / %(interval)s")
    change = money_signed(after - before, quote.currency) if after != before else _("no change")
    average_text = every % {"amount": money(average, quote.currency), "interval": interval}
    change_text = every % {"amount": change, "interval": interval} if after != before else change
    return [
        Row(_("Average per seat"), average_text, kind="quiet"),
        Row(_("Compared with today"), change_text, kind="quiet"),
    ]
