"""More seats than are sold without talking: asked for or begun by staff, offered, agreed. Never a price of ours."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from accounts.notices.send_notice import send_notice
from billing.errors import OfferAlreadyAsked, OfferGone, QuantityWrong, TermsWrong
from billing.models import OfferRequest
from billing.terms.queries import terms_of
from billing.terms.set_terms import set_terms

State = OfferRequest.State
# From which state staff may go where.
ANSWERS = {State.OPEN: (State.OFFERED, State.ACCEPTED, State.DECLINED), State.OFFERED: (State.ACCEPTED, State.DECLINED)}


def offer_requests_of(account: Account) -> QuerySet[OfferRequest]:
    """The account's requests, newest first."""
    return OfferRequest.objects.filter(account=account).select_related("user")


def open_offer_request(account: Account) -> OfferRequest | None:
    """The request that waits for an answer."""
    return offer_requests_of(account).filter(state__in=OfferRequest.PENDING).first()


@transaction.atomic
def ask_for_offer(
    *, account: Account, quantity: int, contact: str, actor: Actor, at: datetime, above: int, note: str = ""
) -> OfferRequest:
    """Ask for an offer over `quantity` seats in all. above: what can be bought without one.

    Raises QuantityWrong when no offer is needed, OfferAlreadyAsked.
    """
    request = OfferRequest(
        account=account, user=actor.user, api_key=actor.api_key, quantity=quantity, note=note[:500], contact=contact
    )
    _open(request, above)
    record_audit(account=account, actor=actor, action="offer.asked", target=request.public_id, summary=str(quantity))
    return request


@transaction.atomic
def begin_offer(
    *, account: Account, quantity: int, contact: str, reason: str, actor: Actor, at: datetime, above: int
) -> OfferRequest:
    """Staff begin an offer over `quantity` seats in all that nobody asked for; answer_offer_request goes on from here.

    contact: whom the offer goes to. reason: why, in a trail that only staff read. above: what can be bought without
    an offer.
    Nobody is told yet: the answer is the news. Raises QuantityWrong, OfferAlreadyAsked, TermsWrong.
    """
    if not reason.strip():
        raise TermsWrong(_("Say why this offer is begun."), field="reason")
    request = OfferRequest(account=account, begun_by=actor.user, quantity=quantity, contact=contact)
    _open(request, above)
    record_audit(account=account, actor=actor, action="offer.begun", target=request.public_id, summary=str(quantity))
    # Why is staff's own affair, so it stands in no customer's trail.
    record_audit(account=None, actor=actor, action="offer.begun", target=request.public_id, summary=reason)
    return request


def _open(request: OfferRequest, above: int) -> None:
    """Write a request, if it needs an offer and is the only one that waits."""
    if request.quantity <= above:
        raise QuantityWrong(
            _("Up to %(max)d seats can be bought without an offer.") % {"max": above}, field="quantity", maximum=above
        )
    try:
        with transaction.atomic():
            request.save()
    except IntegrityError as error:
        if "offer_request_one_open" in str(error):
            raise OfferAlreadyAsked from error
        raise


@transaction.atomic
def withdraw_offer_request(*, account: Account, request_id: str, actor: Actor, at: datetime) -> OfferRequest:
    """Take a request back. Raises OfferGone when it is answered or not the account's."""
    request = _lock(account, request_id)
    if not request.is_open:
        raise OfferGone
    request.state, request.answered_at = State.WITHDRAWN, at
    request.save(update_fields=["state", "answered_at"])
    record_audit(account=account, actor=actor, action="offer.withdrawn", target=request.public_id)
    return request


@transaction.atomic
def answer_offer_request(
    *,
    account: Account,
    request_id: str,
    state: str,
    answer: str,
    actor: Actor,
    at: datetime,
    valid_until: datetime | None = None,
) -> OfferRequest:
    """Staff say that an offer was made, agreed or not possible; once agreed, the account may buy that many itself.

    answer: the customer reads it. valid_until: how long the higher self-service bound holds; None: until changed.
    Raises OfferGone, TermsWrong.
    """
    request = _lock(account, request_id)
    if state not in ANSWERS.get(State(request.state), ()):
        raise OfferGone
    if not answer.strip():
        raise TermsWrong(_("Say what the customer is told."), field="answer")
    request.state, request.answer = state, answer[:500]
    request.answered_by, request.answered_at = actor.user, at
    request.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    record_audit(
        account=account, actor=actor, action=f"offer.{state}", target=request.public_id, summary=str(request.quantity)
    )
    if state == State.ACCEPTED:
        known = terms_of(account)
        higher = max(request.quantity, (known.self_service_max if known else None) or 0)
        set_terms(
            account=account,
            reason=_reason(request),
            actor=actor,
            at=at,
            self_service_max=higher,
            valid_until=valid_until,
        )
    send_notice(
        account=account,
        kind="offer_answered",
        key=f"offer_{state}:{request.public_id}",
        context={
            "state": str(state),
            "quantity": request.quantity,
            "answer": request.answer,
            "begun_by_staff": request.by_account_team,
            "until_at": valid_until if state == State.ACCEPTED else None,
            "link": reverse("billing:offer", args=[account.slug]),
        },
        to=[request.user],
        at=at,
    )
    return request


def _reason(request: OfferRequest) -> str:
    return f"{request.public_id}: {request.answer}"


def _lock(account: Account, request_id: str) -> OfferRequest:
    request = OfferRequest.objects.select_for_update(no_key=True).filter(account=account, public_id=request_id).first()
    if request is None:
        raise OfferGone
    return request
