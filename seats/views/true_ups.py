"""Idle seats and money: credits by the period, and the quarterly true-up with its review and its evidence."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from billing.mirror.queries import card_of, live_subscription, seat_item
from billing.models import Quote
from billing.quotes.next_invoice import next_invoice_total
from billing.quotes.quote_quantity import quote_true_up
from billing.terms.queries import terms_of
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.templatetags.portal import money
from seats.models import TrueUp, TrueUpPerson
from seats.true_up.agreed import has_true_up, quarter_at
from seats.true_up.decide_true_up import DECIDABLE, Effect, choose_for_idle, confirm_true_up, effect_of
from seats.true_up.evidence import as_csv, as_json
from seats.true_up.queries import credit_of, credits_of, open_true_up, true_up_of, true_ups_of
from seats.true_up.record_marks import marks_written
from seats.true_up.rules import NOTICES
from seats.true_up.settle_true_up import outcomes_of
from seats.views.price_rows import rows_of, sentence_of

# Two years of quarters, and of months.
QUARTERS, PERIODS = 8, 24

STATES: dict[str, tuple[str, str]] = {
    TrueUp.State.NOTICE: ("", "calendar"),
    TrueUp.State.REVIEW: ("warn", "inbox"),
    TrueUp.State.CONFIRMED: ("info", "hourglass"),
    TrueUp.State.SETTLED: ("good", "circle-check"),
    TrueUp.State.FAILED: ("bad", "circle-alert"),
    TrueUp.State.WITHDRAWN: ("", "minus"),
}
FAILURES: dict[str, str | Promise] = {
    "payment_declined": gettext_lazy("The card was declined."),
    "no_payment_method": gettext_lazy("There is no card on file."),
    "subscription_past_due": gettext_lazy("An earlier invoice is overdue. Pay it first."),
    "subscription_ending": gettext_lazy("The subscription is set to end."),
    "cancelled": gettext_lazy("The payment was stopped."),
    "not_paid": gettext_lazy("The payment was not completed in time."),
}


@dataclass(frozen=True)
class Line:
    """One idle person on the review list. outcome: what happened, or would happen now."""

    person: TrueUpPerson
    outcome: str

    @property
    def open(self) -> bool:
        """Whether somebody can still choose."""
        return self.outcome in (TrueUpPerson.Outcome.KEPT, TrueUpPerson.Outcome.RELEASED)


@requires("billing.view")
@require_safe
def true_ups(request: AccountRequest) -> HttpResponse:
    """What is agreed, the true-ups of two years, and the credits of two years."""
    at = now()
    terms = terms_of(request.account)
    agreed = has_true_up(terms)
    quarter = quarter_at(terms, request.account.time_zone, at) if terms is not None and agreed else None
    context = {
        "terms": terms,
        "policy": terms.inactive_policy if terms else "all",
        "agreed": agreed,
        "quarter": quarter,
        "notice_days": NOTICES[0],
        "open": open_true_up(request.account),
        "true_ups": [(row, *STATES[row.state]) for row in true_ups_of(request.account)[:QUARTERS]],
        "credits": list(credits_of(request.account)[:PERIODS]),
    }
    return render(request, "seats/true_ups.html", context)


@requires("billing.view")
@require_safe
def true_up(request: AccountRequest, true_up_id: str) -> HttpResponse:
    """One quarter: how it stands, the review list with its price, or how it was settled."""
    return render(request, "seats/true_up.html", _context(request, _find(request, true_up_id)))


@requires("policy.manage")
@require_POST
def decide(request: AccountRequest, true_up_id: str) -> HttpResponse:
    """Save who keeps a seat; with the button of the price, confirm. Other choices than those shown need a new look."""
    run = _find(request, true_up_id)
    actor, at = actor_of(request), now()
    sent = request.POST.dict()
    choices = {name.removeprefix("keep-"): str(sent[name]) for name in sent if name.startswith("keep-")}
    before = effect_of(run)
    try:
        choose_for_idle(account=request.account, true_up_id=true_up_id, choices=choices, actor=actor, at=at)
        if "confirm" not in request.POST:
            messages.success(request, _("The choices are saved. Nothing is charged or released yet."))
            return redirect("seats:true_up", request.account.slug, true_up_id)
        if effect_of(run) != before:
            messages.warning(request, _("The choices changed the result. Check it, then confirm."))
            return redirect("seats:true_up", request.account.slug, true_up_id)
        renew = request.POST.get("renew", "")
        run = confirm_true_up(
            account=request.account,
            true_up_id=true_up_id,
            quote_id=request.POST.get("quote_id", ""),
            renew=int(renew) if renew.isascii() and renew.isdigit() and len(renew) < 9 else None,
            actor=actor,
            at=at,
        )
    except PortalError as error:
        context = _context(request, _find(request, true_up_id)) | {"refusal": str(error)}
        return render(request, "seats/true_up.html", context, status=error.status)
    if run.change is not None and run.change.is_open:
        return redirect("seats:purchase", request.account.slug, run.change.public_id)
    if run.state == TrueUp.State.SETTLED:
        messages.success(request, _("The true-up is settled."))
    return redirect("seats:true_up", request.account.slug, true_up_id)


@requires("billing.view")
@require_safe
def evidence(request: AccountRequest, true_up_id: str, kind: str) -> HttpResponse:
    """The sealed bundle as a file, as JSON or CSV; 404 before it is settled."""
    run = _find(request, true_up_id)
    if run.evidence is None:
        raise Http404
    text = as_json(run.evidence) if kind == "json" else as_csv(run.evidence)
    response = HttpResponse(text, content_type="application/json" if kind == "json" else "text/csv; charset=utf-8")
    name = f"true-up-{request.account.slug}-{run.first_day}"
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


@requires("billing.view")
@require_safe
def idle_credit(request: AccountRequest, credit_id: str) -> HttpResponse:
    """Everybody who was counted idle in one period, and what it gave back."""
    credit = credit_of(request.account, credit_id)
    if credit is None:
        raise Http404
    people = [
        {name: date.fromisoformat(value) if name.endswith("_on") and value else value for name, value in person.items()}
        for person in credit.people
    ]
    return render(request, "seats/idle_credit.html", {"credit": credit, "people": people})


def _find(request: AccountRequest, true_up_id: str) -> TrueUp:
    run = true_up_of(request.account, true_up_id)
    if run is None:
        raise Http404
    return run


def _context(request: AccountRequest, run: TrueUp) -> dict[str, Any]:
    kind, icon = STATES[run.state]
    people = list(run.people.select_related("membership__user", "membership__department", "chosen_by"))
    outcomes = outcomes_of(run, people)
    context: dict[str, Any] = {
        "run": run,
        "kind": kind,
        "icon": icon,
        "lines": [Line(person, outcomes[person.pk]) for person in people],
        "marks": marks_written(run.account, first=run.first_day, last=run.last_day),
        "may_decide": "policy.manage" in request.capabilities and run.state in DECIDABLE,
        "failure": FAILURES.get(run.error_code, _("Reason: %(code)s.") % {"code": run.error_code})
        if run.error_code
        else "",
    }
    context["over_days"] = sum(1 for mark in context["marks"] if mark.over_peak)
    if context["may_decide"]:
        context |= _price(request, run)
    return context


def _price(request: AccountRequest, run: TrueUp) -> dict[str, Any]:
    """The effect of a confirmation and its price, straight from Stripe; or why there is none."""
    effect, at = effect_of(run), now()
    subscription = live_subscription(request.account)
    item = seat_item(subscription) if subscription is not None else None
    context: dict[str, Any] = {"effect": effect, "item": item, "rows": []}
    quote: Quote | None = None
    if effect.charged and item is not None:
        try:
            quote = quote_true_up(
                account=request.account, actor=actor_of(request), add=effect.charged, at=at, present=True
            )
        except PortalError as error:
            return context | {"no_price": str(error)}
        card = card_of(request.account)
        context |= {
            "quote": quote,
            "rows": rows_of(quote, item=item, card=card, trial=False, account_slug=request.account.slug),
            "sentence": sentence_of(quote),
        }
    if effect.renew is not None and subscription is not None and item is not None:
        for name, seats in (("amount_before", effect.before), ("amount_after", effect.renew)):
            context[name] = next_invoice_total(subscription=subscription, item=item, quantity=seats)
    return context | {"button": _button(effect, quote)}


def _button(effect: Effect, quote: Quote | None) -> str:
    """What the button does, as a sentence with its amount."""
    release = ngettext("release %(count)d seat", "release %(count)d seats", effect.released) % {
        "count": effect.released
    }
    if quote is not None:
        pay = ngettext("Pay %(amount)s for %(count)d seat", "Pay %(amount)s for %(count)d seats", quote.added) % {
            "amount": money(quote.amount_due, quote.currency),
            "count": quote.added,
        }
        return _("%(pay)s and %(release)s") % {"pay": pay, "release": release} if effect.released else pay
    if effect.released:
        return ngettext("Release %(count)d seat", "Release %(count)d seats", effect.released) % {
            "count": effect.released
        }
    return _("Keep all seats and close the true-up")
