"""A purchase that waits for approval: sent, looked at with today's price, decided."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, no_permission, requires
from accounts.models import Department
from billing.mirror.queries import card_of, live_subscription, seat_item
from billing.models import Price, Quote
from billing.quotes.quote_quantity import quote_quantity
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error
from seats.forms.requests import AnswerForm, PurchaseRequestForm, SeatsWantedForm
from seats.growth.procurement import request_clock
from seats.models import SeatRequest
from seats.pool.budgets import budgets_left
from seats.requests.decide_purchase import approve_purchase, price_request, refuse_purchase
from seats.requests.queries import is_turn_of, may_see, shown_purchase
from seats.requests.request_purchase import request_purchase
from seats.requests.rules import may_remind_at
from seats.requests.steps import approvers_of, open_steps, seen_price, steps_of
from seats.rollout.queries import tranches_of
from seats.views.add_seats import pay_form, show_priced
from seats.views.price_rows import button_of, rows_of, sentence_of

State = SeatRequest.State


@requires("requests.make")
def ask_seats(request: AccountRequest) -> HttpResponse:
    """Ask for more seats to be bought, without being allowed to buy."""
    mine = request.membership.department
    form = SeatsWantedForm(
        request.POST if request.method == "POST" else None,
        account=request.account,
        initial={"department": mine.public_id if mine else ""},
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                quote = quote_quantity(
                    account=request.account, actor=actor_of(request), add=form.cleaned_data["add"], at=now()
                )
                return _sent(request, quote, form)
            except PortalError as error:
                put_error(form, error)
                status = error.status
    return render(request, "seats/ask_seats.html", {"form": form}, status=status)


@requires("seats.buy")
def ask_approval(request: AccountRequest) -> HttpResponse:
    """Send the price that is shown for approval, with whom it is for."""
    if request.method != "POST":
        return redirect("seats:add", request.account.slug)
    quote = Quote.objects.filter(account=request.account, public_id=request.POST.get("quote_id", "")).first()
    if quote is None or quote.consumed_at is not None or quote.kind == Quote.Kind.TRUE_UP:
        messages.error(request, _("This price is not known any more. Nothing was sent; look at the new one."))
        return redirect("seats:add", request.account.slug)
    if quote.kind == Quote.Kind.PLAN and "billing.manage" not in request.capabilities:
        return no_permission(request, "billing.manage")
    form = PurchaseRequestForm(request.POST, account=request.account)
    people = pay_form(request, added=quote.added, data=True) if quote.kind == Quote.Kind.ADD else None
    if not form.is_valid() or (people is not None and not people.is_valid()):
        if people is None:
            messages.error(request, _("Say what the change is for. Nothing was sent."))
            return redirect("seats:change_plan", request.account.slug)
        return show_priced(request, quote, people, ask=form, status=422)
    if people is None:
        return _sent(request, quote, form)
    return _sent(request, quote, form, members=people.members, emails=people.addresses, department=people.department)


@requires("requests.make")
def purchase_request(request: AccountRequest, asked_id: str) -> HttpResponse:
    """One purchase that was asked for: its steps and, for whose turn it is, today's price and the click."""
    asked = _find(request, asked_id)
    if "requests.decide" not in request.capabilities and not may_see(asked, request.membership):
        messages.info(request, _("Others decide about that purchase."))
        return redirect("seats:me", request.account.slug)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    problem, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _decide(request, asked, form.cleaned_data["answer"])
            except PortalError as error:
                problem, status = str(error), error.status
                asked = _find(request, asked_id)
            else:
                return redirect("seats:purchase_request", request.account.slug, asked.public_id)
    return render(request, "seats/purchase_request.html", _context(request, asked, form, problem), status=status)


def _decide(request: AccountRequest, asked: SeatRequest, answer: str) -> None:
    given: dict[str, Any] = {"account": request.account, "request": asked, "actor": actor_of(request), "at": now()}
    if request.POST.get("decision") == "approve":
        done = approve_purchase(quote_id=request.POST.get("quote_id", ""), answer=answer, **given)
        messages.success(request, _approved(done, tried=asked.change_id))
    else:
        refuse_purchase(answer=answer, **given)
        messages.success(request, _("The request is refused. Nothing was bought."))


def _approved(done: SeatRequest, *, tried: int | None) -> str:
    """tried: the purchase that failed before this word, if any."""
    if done.state == State.APPROVED:
        return _("Approved and bought.")
    if done.state == State.BUYING:
        return _("Approved. The purchase is on its way.")
    if done.problem and done.change_id != tried:
        return _("Approved, but the payment did not go through. Nothing was charged.")
    return _("Approved. It goes on to the next step.")


def _sent(
    request: AccountRequest,
    quote: Quote,
    form: PurchaseRequestForm,
    *,
    members: Any = (),
    emails: Any = (),
    department: Department | None = None,
) -> HttpResponse:
    asked = request_purchase(
        account=request.account,
        membership=request.membership,
        quote_id=quote.public_id,
        reason=form.cleaned_data["why"],
        department=form.chosen or department,
        po_number=form.cleaned_data["order_number"],
        members=members,
        emails=emails,
        actor=actor_of(request),
        at=now(),
    )
    messages.success(request, _("Your request is on its way to those who approve."))
    return redirect("seats:purchase_request", request.account.slug, asked.public_id)


def _find(request: AccountRequest, asked_id: str) -> SeatRequest:
    asked = shown_purchase(request.account, asked_id)
    if asked is None:
        raise Http404
    return asked


def _context(request: AccountRequest, asked: SeatRequest, form: AnswerForm, problem: str) -> dict[str, Any]:
    turn = is_turn_of(asked, request.membership)
    mine = asked.asked_by_id == request.membership.user_id
    quote, refusal = _price(request, asked) if turn else (None, None)
    every = steps_of(asked)
    total = quote.weight if quote else seen_price(asked, every)
    steps = [step for step in every if step.from_amount <= max(total, 0)]
    waiting = open_steps(steps, total=total)
    if asked.state != State.OPEN:
        # What a step agreed to before others did is no matter any more.
        waiting = [step for step in waiting if step.approved is None]
    at = now()
    remind_at = may_remind_at(asked_at=asked.created_at, reminded_at=asked.reminded_at)
    return {
        "asked": asked,
        "form": form,
        "problem": problem,
        "turn": turn,
        "steps": [
            {
                "step": step,
                "open": step in waiting,
                "now": waiting[:1] == [step],
                "names": [one.user.get_full_name() for one in approvers_of(asked, step)] if step in waiting else [],
            }
            for step in steps
        ],
        "answered_by": asked.decided_by or next((s.decided_by for s in reversed(every) if s.decided_by), None),
        "mine": mine,
        "remind_at": remind_at,
        "may_remind": at >= remind_at,
        "sees_price": mine or turn or not request.capabilities.isdisjoint({"billing.view", "seats.buy"}),
        "may_buy": "seats.buy" in request.capabilities,
        "budget": next(iter(budgets_left(request.account, [asked.department])), None)
        if asked.department and "requests.decide" in request.capabilities
        else None,
        "tranche": tranches_of(request.account).filter(request=asked).first(),
        "refusal": refusal,
        "procurement": request_clock(asked, at=at),
        **(_shown(request, quote) if quote else {}),
    }


def _price(request: AccountRequest, asked: SeatRequest) -> tuple[Quote | None, PortalError | None]:
    try:
        return price_request(account=request.account, request=asked, actor=actor_of(request), at=now()), None
    except PortalError as error:
        return None, error


def _shown(request: AccountRequest, quote: Quote) -> dict[str, Any]:
    """Today's price as the page of buying shows it."""
    account = request.account
    subscription = live_subscription(account)
    item = seat_item(subscription) if subscription else None
    if subscription is None or item is None:
        return {}
    target = Price.objects.select_related("plan").filter(stripe_id=quote.target_price_stripe_id).first()
    trial = subscription.status == "trialing"
    rows = rows_of(quote, item=item, card=card_of(account), trial=trial, account_slug=account.slug, target=target)
    return {"quote": quote, "rows": rows, "sentence": sentence_of(quote), "button": button_of(quote, target=target)}
